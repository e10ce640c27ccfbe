// The desk's one script: local times, live parts, the look at a typed address, one click sends once.
(() => {
  "use strict";
  const main = document.getElementById("main");
  const skew = Date.now() - Date.parse(main.dataset.now);
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

  const dress = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([data-dressed])")) {
      const at = new Date(time.dateTime);
      time.dataset.dressed = "";
      time.title = time.textContent;
      time.textContent = "countdown" in time.dataset ? clock.format(at) : format.format(at);
      time.dataset.text = time.textContent;
    }
    count();
  };

  const count = () => {
    for (const time of document.querySelectorAll("time[data-countdown][data-text]")) {
      const left = Math.max(0, Math.round((Date.parse(time.dateTime) - (Date.now() - skew)) / 1000));
      time.textContent = `${time.dataset.text}, ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
    }
  };

  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;

  const get = async (address) => {
    const answer = await fetch(address, { headers: { accept: "text/html" }, cache: "no-store" });
    return { status: answer.status, html: await answer.text() };
  };

  const signedOut = (place) => {
    const link = Object.assign(document.createElement("a"), { href: location.href, textContent: "Sign in again" });
    const words = Object.assign(document.createElement("p"), { className: "banner amber", textContent: "You were signed out. " });
    words.append(link);
    place.prepend(words);
  };

  // Calls `step` again and again while the page is looked at, slower while the server does not answer.
  const poll = (seconds, step) => {
    let wait = seconds;
    const turn = async () => {
      let more = true;
      if (!document.hidden) {
        try {
          more = await step();
          wait = seconds;
        } catch {
          wait = Math.min(30, wait * 2);
        }
      }
      if (more) setTimeout(turn, wait * 1000);
    };
    setTimeout(turn, wait * 1000);
  };

  const watch = () => {
    let shown = "";
    poll(2, async () => {
      const live = document.getElementById("live");
      if (!live?.dataset.live) return false;
      const { status, html } = await get(live.dataset.live);
      if (status === 401) return signedOut(main), false;
      if (status !== 200) throw new Error(String(status));
      if (html === shown) return true;
      const next = parsed(html).querySelector("#live");
      const focused = document.activeElement?.id;
      const busy = live.querySelector("button:disabled");
      if (shown !== "" && !busy) swap(live, next, focused);
      else if (shown === "" && plain(next) !== plain(live) && !busy) swap(live, next, focused);
      shown = html;
      return Boolean(next.dataset.live);
    });
  };

  const plain = (part) => {
    const copy = part.cloneNode(true);
    for (const time of copy.querySelectorAll("time")) time.replaceChildren();
    return copy.textContent.replace(/\s+/g, " ") + [...copy.querySelectorAll("input")].map((i) => i.value).join();
  };

  const swap = (live, next, focused) => {
    const said = live.dataset.say;
    live.replaceWith(next);
    dress(next);
    bind(next);
    if (focused) document.getElementById(focused)?.focus();
    if (next.dataset.say !== said) document.getElementById("announce").textContent = next.dataset.say;
  };

  const news = (place) => {
    let shown = "";
    poll(10, async () => {
      const { status, html } = await get(place.dataset.news);
      if (status === 401) return signedOut(place), false;
      if (status !== 200) throw new Error(String(status));
      if (html !== shown) place.replaceChildren(...parsed(html).childNodes);
      shown = html;
      return true;
    });
  };

  // Says what a typed address is, before it is sent.
  const look = (form) => {
    const typed = form.elements.namedItem("typed");
    const radio = form.querySelector("#typed-choice");
    const echo = form.querySelector("#echo");
    let timer, turn = 0;
    const ask = async () => {
      const mine = ++turn;
      if (typed.value.trim().length < 5) return echo.replaceChildren();
      const body = new URLSearchParams({ csrf: form.elements.csrf.value, kind: form.elements.kind.value, typed: typed.value });
      const answer = await fetch(form.dataset.look, { method: "POST", body });
      if (!answer.ok || answer.redirected || mine !== turn) return;
      const said = parsed(await answer.text()).querySelector("span");
      if (mine !== turn || !said) return;
      radio.dataset.provenance = said.dataset.provenance || "caller-supplied";
      echo.replaceChildren(said);
    };
    const soon = () => {
      clearTimeout(timer);
      turn += 1;
      radio.dataset.provenance = "caller-supplied";
      timer = setTimeout(() => ask().catch(() => undefined), 400);
    };
    typed.addEventListener("input", () => {
      const sms = form.querySelector("[name=kind][value=sms]");
      const mail = form.querySelector("[name=kind][value=email]");
      if (sms?.type === "radio" && /^\s*\+?[\d\s()./-]{3,}$/.test(typed.value)) sms.checked = true;
      if (mail?.type === "radio" && typed.value.includes("@")) mail.checked = true;
      soon();
    });
    for (const kind of form.querySelectorAll("input[type=radio][name=kind]")) kind.addEventListener("change", soon);
    if (typed.value) soon();
  };

  const bind = (root) => {
    for (const form of root.querySelectorAll("form[data-once]")) {
      form.addEventListener("submit", () => setTimeout(() => {
        for (const button of form.querySelectorAll("button")) button.disabled = true;
      }));
    }
  };

  // The token of an invitation stands in the fragment; it leaves the address bar and goes into the form.
  const takeFragment = (form) => {
    const token = location.hash.slice(1);
    if (!token) return;
    history.replaceState(null, "", location.pathname);
    form.elements.token.value = token;
    form.submit();
  };

  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  });
  dress(document);
  bind(document);
  setInterval(count, 1000);
  watch();
  for (const form of document.querySelectorAll("form[data-fragment]")) {
    addEventListener("hashchange", () => takeFragment(form));
    takeFragment(form);
  }
  for (const form of document.querySelectorAll("form[data-look]")) look(form);
  for (const place of document.querySelectorAll("[data-news]")) news(place);
})();
