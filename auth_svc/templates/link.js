"use strict";
const find = (id) => document.getElementById(id);
const all = JSON.parse(find("words").textContent);
const language = navigator.language.startsWith("ru") ? "ru" : "en";
const words = all[language];
const token = location.hash.slice(1);
// Nobody who looks at the address or its history later finds the secret there.
history.replaceState(null, "", location.pathname);
document.documentElement.lang = language;
for (const id of ["title", "label", "button"]) {
  if (find(id)) find(id).textContent = words[id];
}
const say = (text, over) => {
  find("answer").textContent = text;
  find("button").disabled = false;
  find("form").hidden = over;
};
if (!token) say(words.bad, true);
find("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("button").disabled = true;
  const body = { token };
  if (find("password")) body.password = find("password").value;
  try {
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) say(words.done, true);
    else if (answer.status === 400) say(words.bad, true);
    else say(words.later, false);
  } catch {
    say(words.later, false);
  }
});
