// The portal works without this file; with it, links open by themselves and the run is pinned to this browser.
"use strict";

(() => {
  const TOKEN = /^[A-Za-z0-9_.-]{43,200}$/;
  const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  function takeLink() {
    const token = location.hash.slice(1);
    if (!token) return;
    history.replaceState(null, "", location.pathname);
    const form = document.getElementById("link");
    if (!form || !TOKEN.test(token)) return;
    form.elements.token.value = token;
    if ("press" in form.dataset) {
      form.hidden = false;
      document.body.dataset.pressing = "";
      return;
    }
    document.body.dataset.opening = "";
    form.submit();
  }

  function base64url(buffer) {
    const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  function keys(mode, use) {
    return new Promise((done, failed) => {
      const opening = indexedDB.open("deskward", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
      opening.onerror = () => failed(opening.error);
      opening.onsuccess = () => {
        const transaction = opening.result.transaction("keys", mode);
        const asked = use(transaction.objectStore("keys"));
        transaction.oncomplete = () => {
          opening.result.close();
          done(asked.result);
        };
        transaction.onabort = () => failed(transaction.error);
      };
    });
  }

  // The private key cannot be exported, not even by this page (SR-15).
  async function makeKey(form) {
    const pair = await crypto.subtle.generateKey(ECDSA, false, ["sign"]);
    const name = base64url(await crypto.subtle.exportKey("raw", pair.publicKey));
    await keys("readwrite", (store) => store.put(pair.privateKey, name));
    form.elements.pin_key.value = name;
  }

  async function sign(form) {
    const key = await keys("readonly", (store) => store.get(form.dataset.key));
    const text = new TextEncoder().encode(form.dataset.nonce);
    form.elements.signature.value = base64url(await crypto.subtle.sign(ECDSA, key, text));
  }

  function readied(form) {
    if ("pin" in form.dataset) return makeKey(form);
    return form.dataset.key ? sign(form) : Promise.resolve();
  }

  // “Back” must not meet a page that came by POST: browsers show an error of their own there.
  function leaveWay(form) {
    if ("pin" in form.dataset) history.replaceState(null, "", "/v");
    if ("nonce" in form.dataset) history.replaceState(null, "", "/v/step");
  }

  // Nothing is read before the press of “Continue”, and nothing at all after the other one (SR-119).
  async function collect(form, press) {
    const told = {};
    const tools = { press, keys, base64url, kind: ECDSA, nonce: form.dataset.nonce };
    const read = async (reader) => {
      const none = wait(700).then(() => ({}));
      Object.assign(told, await Promise.race([reader(tools), none]));
    };
    await Promise.all(Object.values(window.readers || {}).map((reader) => read(reader).catch(() => {})));
    form.elements.readings.value = JSON.stringify(told);
  }

  // A form that a script sends says nothing of the button that was pressed.
  function nameChoice(form, button) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: button.name, value: button.value });
    form.append(field);
  }

  async function answered(form, { button, press }) {
    if (!("collect" in form.dataset) || !button) return;
    if (!button.name) return collect(form, press);
    nameChoice(form, button);
    await keys("readwrite", (store) => store.delete("device"));
  }

  function sendOnce(form) {
    const ready = readied(form).catch(() => {});
    const buttons = [...form.querySelectorAll("button:not([type])")];
    const pressed = {};
    const freeze = (on) => {
      for (const button of buttons) button.disabled = on;
    };
    for (const button of buttons) {
      button.addEventListener("click", (press) => Object.assign(pressed, { button, press }));
    }
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (buttons[0].disabled) return;
      freeze(true);
      const told = answered(form, pressed).catch(() => {});
      await Promise.race([Promise.all([ready, told]), wait(5000)]);
      leaveWay(form);
      form.submit();
    });
    addEventListener("pageshow", () => freeze(false));
  }

  function showTimes() {
    for (const time of all("time")) {
      const at = new Date(time.dateTime);
      time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    }
  }

  function offerShow(button) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    if ("hide" in field.dataset) field.type = "password";
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    });
    field.form.addEventListener("submit", () => {
      field.type = "password";
    });
  }

  function offerCopy(button) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    });
  }

  function countLength(hint) {
    const field = document.getElementById(hint.id.replace("h-", "f-"));
    const least = Number(hint.dataset.least);
    const words = hint.textContent;
    field.addEventListener("input", () => {
      const length = [...field.value].length;
      hint.classList.toggle("enough", length >= least);
      hint.textContent = length ? `${length} of at least ${least} characters` : words;
    });
  }

  async function poll(place) {
    for (;;) {
      await wait(2000);
      const answer = await fetch("/v/state", { cache: "no-store" }).catch(() => null);
      if (!answer || answer.status >= 500) continue;
      const now = answer.ok ? await answer.json() : null;
      if (!now || String(now.version) !== place.dataset.poll) {
        location.replace("/v/step");
        return;
      }
    }
  }

  function offerPrint(button) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  addEventListener("hashchange", takeLink);
  addEventListener("pageshow", () => delete document.body.dataset.opening);
  showTimes();
  all("main form").forEach(sendOnce);
  all(".show[aria-controls]").forEach(offerShow);
  all("[data-copy]").forEach(offerCopy);
  all("[data-least]").forEach(countLength);
  all("[data-poll]").forEach(poll);
  all("[data-print]").forEach(offerPrint);
  for (const place of all("[data-forget]")) {
    if (place.dataset.forget) keys("readwrite", (store) => store.delete(place.dataset.forget)).catch(() => {});
  }
  takeLink();
})();
