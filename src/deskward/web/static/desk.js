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

  // What is new is announced above the table, and rows that changed are rewritten where they stand.
  const news = (place) => {
    let shown = "", missed = 0;
    const rows = () => [...document.querySelectorAll(".rows tbody tr")];
    const said = (html) => {
      if (html !== shown) place.replaceChildren(...parsed(html).childNodes);
      shown = html;
      dress(place);
    };
    const rewrite = (part) => {
      const changed = [...part.querySelectorAll("tr")];
      for (const next of changed) {
        const old = document.getElementById(next.id);
        dress(next);
        // The cell with the link stays: it may have the focus.
        [...next.cells].slice(1).forEach((cell, n) => old.cells[n + 1].replaceWith(cell.cloneNode(true)));
        old.dataset.version = next.dataset.version;
      }
      if (changed.length) document.getElementById("announce").textContent = changed.map((row) => row.dataset.say).join("; ");
      part.querySelector("table")?.remove();
    };
    poll(10, async () => {
      const seen = rows().map((row) => `${row.id}.${row.dataset.version}`).join();
      try {
        const { status, html } = await get(`${place.dataset.news}&seen=${seen}`);
        if (status === 401) return signedOut(place), false;
        if (status >= 500) throw new Error(String(status));
        const part = parsed(html);
        rewrite(part);
        missed = 0;
        said(part.innerHTML.trim());
      } catch (error) {
        if (++missed === 2) said('<p class="banner amber">No answer from the server: what is new is not shown. Trying again.</p>');
        throw error;
      }
      return true;
    });
  };

  // The filters of the table: the score in words, days in the reader's time zone, and a short address.
  const filters = (form) => {
    const { score, zone, from, to } = form.elements;
    const told = () => {
      form.querySelector("#score-said").textContent = score.value === "0" ? "any" : score.value;
      score.setAttribute("aria-valuetext", score.value === "0" ? "any" : `${score.value} or more`);
    };
    score.addEventListener("input", told);
    told();
    const own = () => {
      zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
      form.querySelector("[data-zone-said]").textContent = zone.value || "UTC";
    };
    if (!from.value && !to.value) own();
    for (const day of [from, to]) day.addEventListener("change", own);
    form.addEventListener("submit", () => {
      if (!from.value && !to.value) zone.disabled = true;
      score.disabled = score.value === "0";
      for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
      loading();
    });
  };

  const loading = () => {
    document.querySelector(".scroll, .empty")?.setAttribute("aria-busy", "true");
    document.getElementById("announce").textContent = "Loading…";
  };

  // From row to row by keys; they can be switched off, and do nothing while something is typed.
  const keys = (tick) => {
    const kept = "desk-keys";
    tick.checked = localStorage.getItem(kept) !== "off";
    tick.closest("label").hidden = false;
    tick.addEventListener("change", () => localStorage.setItem(kept, tick.checked ? "on" : "off"));
    const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
    addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea, summary");
      if (!tick.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const links = [...document.querySelectorAll(".rows .number a")];
      const at = links.indexOf(document.activeElement);
      if (event.key === "/") document.getElementById("text").focus();
      else if (event.key in steps && (at >= 0 || event.key === "j" || event.key === "k")) {
        links[Math.min(links.length - 1, Math.max(0, at + steps[event.key]))]?.focus();
      } else return;
      event.preventDefault();
    });
  };

  // Says what a typed address is, before it is sent.
  const look = (form) => {
    const typed = form.elements.namedItem("typed");
    const radio = form.querySelector("#typed-choice");
    const echo = form.querySelector("#echo");
    const again = form.querySelector("#again-field");
    let timer, turn = 0;
    const ask = async () => {
      const mine = ++turn;
      if (typed.value.trim().length < 5) return echo.replaceChildren();
      const body = new URLSearchParams({ csrf: form.elements.csrf.value, kind: form.elements.kind.value, typed: typed.value });
      const answer = await fetch(form.dataset.look, { method: "POST", body });
      if (!answer.ok || answer.redirected || mine !== turn) return;
      const told = parsed(await answer.text());
      const said = told.querySelector("span");
      if (mine !== turn || !said) return;
      radio.dataset.provenance = said.dataset.provenance || "caller-supplied";
      echo.replaceChildren(...told.children);
      again.hidden = Boolean(said.dataset.provenance);
    };
    const soon = () => {
      clearTimeout(timer);
      turn += 1;
      radio.dataset.provenance = "caller-supplied";
      echo.querySelector("label")?.remove();
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
    if (!event.persisted) return;
    for (const field of document.querySelectorAll(":is(button, input, select):disabled")) field.disabled = false;
    for (const part of document.querySelectorAll("[aria-busy]")) part.removeAttribute("aria-busy");
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
  for (const form of document.querySelectorAll("form[data-filters]")) filters(form);
  for (const tick of document.querySelectorAll("[data-keys]")) keys(tick);
  for (const link of document.querySelectorAll(".pager a, .chosen a, .head a[href^='/']:not([href^='/export'])")) {
    link.addEventListener("click", (event) => event.ctrlKey || event.metaKey || event.shiftKey || loading());
  }
})();
