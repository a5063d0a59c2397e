// Uses the API pages as a person does: `node visit.js ORIGIN PERSON PASSWORD`, with the browser's path in BROWSER.
// Prints as JSON what was to be seen.
import puppeteer from "puppeteer-core";

const [origin, person, password] = process.argv.slice(2);
const BOOKING = `${origin}/api/openapi`;
// What others can put into a link must not choose what the page shows.
const LURE = `${BOOKING}?url=http://elsewhere.example/a.json&configUrl=http://elsewhere.example/b.json`;
const LIST = '[id$="-ListBookings"]';
const ANSWER = `${LIST} .live-responses-table tbody`;
// Nothing but this machine is there, whatever network it has.
const FLAGS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

// A machine without a browser has the one of the package, which is packed.
async function launch() {
  if (process.env.BROWSER) {
    return puppeteer.launch({ executablePath: process.env.BROWSER, args: FLAGS });
  }
  const { default: chromium } = await import("@sparticuz/chromium");
  const executablePath = await chromium.executablePath();
  return puppeteer.launch({ executablePath, args: [...chromium.args, ...FLAGS], headless: "shell" });
}

function text(page, selector) {
  return page.$eval(selector, (element) => element.textContent.trim());
}

async function open(page, url) {
  await page.goto(url);
  await page.waitForSelector(".opblock");
}

async function signIn(page, secret) {
  await page.type("#password", secret);
  await page.click("#sign-in button");
  await page.waitForSelector("#trouble:not(:empty), #sign-out:not([hidden])");
  await page.$eval("#password", (element) => (element.value = ""));
}

async function listBookings(page) {
  await page.click(`${LIST} .opblock-summary-control`);
  await (await page.waitForSelector(`${LIST} button.execute`)).click();
  await page.waitForSelector(`${ANSWER} .response-col_status`);
  return { status: await text(page, `${ANSWER} .response-col_status`), body: await text(page, `${ANSWER} code`) };
}

async function visit(page) {
  await open(page, LURE);
  const operations = (await page.$$(".opblock")).length;
  const people = await page.$$eval("#person option", (options) => options.map((option) => option.value));
  // Another one each time: who fails often has to wait.
  await page.type("#email", `nobody-${Date.now()}@example.com`);
  await signIn(page, "a password");
  const trouble = await text(page, "#trouble");
  await page.select("#person", person);
  await signIn(page, password);
  if (await page.$("#sign-out[hidden]")) {
    throw new Error(`not signed in: ${await text(page, "#trouble")}`);
  }
  const tried = await listBookings(page);
  await open(page, `${origin}/auth/api/openapi`);
  await page.waitForSelector("#sign-out:not([hidden])");
  const elsewhere = await text(page, "#who");
  await page.click("#sign-out button");
  await page.waitForSelector("#sign-in:not([hidden])");
  await open(page, BOOKING);
  return { operations, people, trouble, tried, elsewhere, afterwards: await listBookings(page) };
}

const browser = await launch();
try {
  const page = await browser.newPage();
  const hosts = new Set();
  const complaints = [];
  page.on("request", (request) => /^https?:/.test(request.url()) && hosts.add(new URL(request.url()).origin));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const seen = await visit(page);
  console.log(JSON.stringify({ ...seen, hosts: [...hosts], complaints }));
} finally {
  await browser.close();
}
