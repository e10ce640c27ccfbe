// Asks the browser for a passkey when the button is pressed, and sends its answer with the form.
"use strict";

(() => {
  const ANSWERS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const WORDS = {
    NotAllowedError: "That did not work, or it took too long. Press the button to try again.",
    InvalidStateError: "This device has a passkey for this page already.",
    SecurityError: "This page cannot use passkeys at this address.",
  };

  function bytes(text) {
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
  }

  function text(buffer) {
    const raw = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return raw.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  function read(options) {
    const read = { ...options, challenge: bytes(options.challenge) };
    if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
    return read;
  }

  function written(credential) {
    const given = ANSWERS.filter((name) => credential.response[name]);
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: Object.fromEntries(given.map((name) => [name, text(credential.response[name])])),
    });
  }

  async function asked({ way, options }) {
    if (!window.PublicKeyCredential) throw new Error("none");
    return written(await navigator.credentials[way]({ publicKey: read(options) }));
  }

  function say(form, error) {
    const old = form.querySelector("[data-said]");
    const place = old || document.createElement("p");
    place.className = "wrong banner red";
    place.setAttribute("role", "alert");
    place.dataset.said = "";
    place.textContent = WORDS[error.name] || "This browser cannot use passkeys here. Choose another way.";
    if (!old) form.querySelector("button").before(place);
  }

  async function take(form, field) {
    try {
      field.value = await asked(JSON.parse(form.dataset.shown));
      form.requestSubmit();
    } catch (error) {
      say(form, error);
    } finally {
      delete form.dataset.asking;
    }
  }

  // In the capture phase, before the page's own script takes the form away.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const field = form.querySelector("[data-answer]");
    if (!field || field.value) return;
    event.preventDefault();
    event.stopPropagation();
    if (form.dataset.asking) return;
    form.dataset.asking = "now";
    take(form, field);
  }, true);
  addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("[data-answer]")) field.value = "";
  });
})();
