"use strict";
// Keeps the parts marked data-live up to date from the page's own address. A ticket has a version: asked with the
// one that is known, the server answers as soon as there is another, or after a second that there is none.

const pause = 1000;
let known = "";

function bring(old, fresh) {
  [...fresh.children].forEach((child, index) => {
    const present = old.children[index];
    if (!present) old.append(child.cloneNode(true));
    else if (present.outerHTML !== child.outerHTML) present.replaceWith(child.cloneNode(true));
  });
  while (old.children.length > fresh.children.length) old.lastElementChild.remove();
}

async function show(answer) {
  known = (answer.headers.get("ETag") ?? "").replaceAll('"', "");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (fresh) bring(part, fresh);
  }
}

async function refresh() {
  let rest = pause;
  if (!document.hidden) {
    try {
      const answer = await fetch(`${location.pathname}${known && `?known=${known}`}`, { cache: "no-store" });
      if (answer.status !== 204) await show(answer);
      if (known) rest = 0;
    } catch {
      // The server is away for a moment; the next round tries again.
    }
  }
  setTimeout(refresh, rest);
}

refresh();
