"use strict";

// The tokens of whoever signed in stay in this tab, and only until it is closed or he signs out.
const KEPT = "matinee-session";
const at = (id) => document.getElementById(id);

function kept() {
  return JSON.parse(sessionStorage.getItem(KEPT));
}

// Calls that are tried are made in this session from now on, or in nobody's.
function use(session) {
  if (session === null) {
    ui.authActions.logout(["bearer"]);
  } else {
    ui.preauthorizeApiKey("bearer", session.access_token);
  }
}

function show(session) {
  at("sign-in").hidden = session !== null;
  at("sign-out").hidden = session === null;
  at("who").textContent = session === null ? "" : `Signed in as ${session.email}`;
}

async function post(path, body) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) {
    throw new Error(said.message);
  }
  return said;
}

function begin(email, tokens) {
  const session = { email, access_token: tokens.access_token, refresh_token: tokens.refresh_token };
  sessionStorage.setItem(KEPT, JSON.stringify(session));
  use(session);
  show(session);
}

async function signIn() {
  const email = at("email").value;
  begin(email, await post("/auth/v1/login", { email, password: at("password").value }));
  at("password").value = "";
}

async function signOut() {
  const { refresh_token } = kept();
  sessionStorage.removeItem(KEPT);
  use(null);
  show(null);
  await post("/auth/v1/logout", { refresh_token });
}

function on(id, action) {
  at(id).addEventListener("submit", (event) => {
    event.preventDefault();
    at("trouble").textContent = "";
    action().catch((error) => (at("trouble").textContent = error.message));
  });
}

on("sign-in", signIn);
on("sign-out", signOut);
at("person")?.addEventListener("change", (event) => {
  at("email").value = event.target.value;
  at("password").focus();
});

const ui = SwaggerUIBundle({
  url: at("document").href,
  dom_id: "#api",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  // Nobody outside is asked what he thinks of the document.
  validatorUrl: null,
  onComplete: () => kept() && use(kept()),
});
show(kept());
