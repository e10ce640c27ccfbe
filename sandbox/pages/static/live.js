// Renews every element that names its address in data-live, once a second while the page is seen.
"use strict";

const seen = new WeakMap();

async function renew(element) {
  const answer = await fetch(element.dataset.live, { cache: "no-cache" });
  const written = answer.ok ? await answer.text() : seen.get(element);
  if (written === undefined || written === seen.get(element)) return;
  seen.set(element, written);
  const focused = element.contains(document.activeElement) && document.activeElement.getAttribute("href");
  element.innerHTML = written;
  if (focused) element.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

setInterval(() => {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-live]")) renew(element).catch(() => {});
}, 1000);
