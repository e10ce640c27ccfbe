"use strict";
// Keeps the parts marked data-live up to date from the page's own address.

const pause = 1000;

function bring(old, fresh) {
  [...fresh.children].forEach((child, index) => {
    const present = old.children[index];
    if (!present) old.append(child.cloneNode(true));
    else if (present.outerHTML !== child.outerHTML) present.replaceWith(child.cloneNode(true));
  });
  while (old.children.length > fresh.children.length) old.lastElementChild.remove();
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok) {
        for (const part of document.querySelectorAll("[data-live]")) {
          const fresh = page.getElementById(part.id);
          if (fresh) bring(part, fresh);
        }
      }
    } catch {
      // The server is away for a moment; the next round tries again.
    }
  }
  setTimeout(refresh, pause);
}

setTimeout(refresh, pause);
