/*
 * The chat window. One file, no framework, nothing needed on the page but
 *
 *   <script src="https://chat.example/widget.js" data-token="..." data-title="..." defer></script>
 *
 * data-token     the shop's signed identity of the customer; leave it out for visitors nobody knows
 * data-title     heading of the window
 * data-color     accent colour (#rrggbb), data-position "left" or "right", data-theme "light" or "dark"
 *
 * window.RapportChat has open(), close() and signIn(token) (without a token: signed out).
 * Whatever anybody wrote is shown through textContent, never as HTML.
 */
(() => {
  "use strict";

  const script = document.currentScript;
  if (!script || window.RapportChat) return;
  const base = new URL("./", script.src);
  const options = script.dataset;

  const STREAM_SILENCE_MS = 45000; // three heartbeats missed
  const STREAM_OPENS_WITHIN_MS = 6000; // a proxy that holds the stream back is found out
  const POLL_MS = 2000;
  const POLL_HIDDEN_MS = 15000; // a browser grants six connections to a host: hidden tabs hold none
  const RETRY_MS = [400, 800, 1500, 3000, 6000, 10000];

  // --- what is remembered in this browser -----------------------------------------------------------

  const memory = {
    key: `rapport:${base.href}`,
    read() {
      try {
        return JSON.parse(localStorage.getItem(this.key)) || {};
      } catch {
        return this.fallback || {};
      }
    },
    change(values) {
      const next = { ...this.read(), ...values };
      this.fallback = next;
      try {
        localStorage.setItem(this.key, JSON.stringify(next));
      } catch {
        // private mode: the conversation lasts as long as the page
      }
    },
    keepOpen(open) {
      try {
        sessionStorage.setItem(`${this.key}:open`, open ? "1" : "");
      } catch {
        // the window then starts closed on the next page
      }
    },
    wasOpen() {
      try {
        return sessionStorage.getItem(`${this.key}:open`) === "1";
      } catch {
        return false;
      }
    },
  };

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const makeId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  // --- the window -----------------------------------------------------------------------------------

  const STYLE = `
:host { all: initial; }
:host, :host([data-theme="light"]) {
  --accent: #a83f1c; --on-accent: #fff; --paper: #fff; --ground: #faf8f5; --ink: #221d19; --soft: #6f665e;
  --line: #e6dfd7; --bubble: #f1ece5; --staff: #e3eee9; --staff-ink: #17453a; --warn: #8a1f11; --warn-ground: #fdeeea;
  --shadow: 0 1px 2px rgb(40 25 15 / .08), 0 12px 40px rgb(40 25 15 / .18);
}
@media (prefers-color-scheme: dark) {
  :host(:not([data-theme="light"])) {
    --accent: #e07a4d; --on-accent: #20130c; --paper: #1d1a18; --ground: #171412; --ink: #f1ebe5; --soft: #a89e95;
    --line: #37312d; --bubble: #2a2522; --staff: #1f332d; --staff-ink: #b9dccf; --warn: #ffb4a3; --warn-ground: #3a1d17;
    --shadow: 0 1px 2px rgb(0 0 0 / .5), 0 16px 48px rgb(0 0 0 / .55);
  }
}
:host([data-theme="dark"]) {
  --accent: #e07a4d; --on-accent: #20130c; --paper: #1d1a18; --ground: #171412; --ink: #f1ebe5; --soft: #a89e95;
  --line: #37312d; --bubble: #2a2522; --staff: #1f332d; --staff-ink: #b9dccf; --warn: #ffb4a3; --warn-ground: #3a1d17;
  --shadow: 0 1px 2px rgb(0 0 0 / .5), 0 16px 48px rgb(0 0 0 / .55);
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.root { font: 400 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  color: var(--ink); position: fixed; z-index: 2147483000; bottom: 24px; right: 24px; }
:host([data-position="left"]) .root { right: auto; left: 24px; }
button { font: inherit; color: inherit; cursor: pointer; border: 0; background: none; padding: 0; }
:focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 55%, transparent); outline-offset: 2px; }
.launcher { position: relative; width: 60px; height: 60px; border-radius: 20px; background: var(--accent);
  color: var(--on-accent); box-shadow: var(--shadow); display: grid; place-items: center; transition: transform .18s; }
.launcher:hover { transform: translateY(-2px); }
.launcher svg { width: 28px; height: 28px; }
.launcher svg + svg, .open .launcher svg { display: none; }
.open .launcher svg + svg { display: block; }
.badge { position: absolute; top: -5px; right: -5px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px;
  background: var(--ink); color: var(--paper); font-size: 12px; font-weight: 700; line-height: 22px; }
.panel { position: absolute; bottom: 76px; right: 0; width: 392px; height: min(660px, calc(100vh - 124px));
  background: var(--paper); border: 1px solid var(--line); border-radius: 22px; box-shadow: var(--shadow);
  display: flex; flex-direction: column; overflow: hidden; animation: rise .22s cubic-bezier(.2,.8,.3,1); }
:host([data-position="left"]) .panel { right: auto; left: 0; }
@keyframes rise { from { opacity: 0; transform: translateY(14px) scale(.985); } }
header { display: flex; align-items: center; gap: 12px; padding: 16px 14px 16px 18px; border-bottom: 1px solid var(--line); }
.mark { width: 38px; height: 38px; border-radius: 13px; background: var(--accent); color: var(--on-accent);
  display: grid; place-items: center; flex: none; }
.mark svg { width: 20px; height: 20px; }
.heading { flex: 1; min-width: 0; }
.heading strong { display: block; font-size: 16px; font-weight: 650; letter-spacing: -.01em; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.heading span { display: block; font-size: 12.5px; color: var(--soft); line-height: 1.35; }
.icon { width: 36px; height: 36px; border-radius: 11px; display: grid; place-items: center; color: var(--soft); }
.icon:hover { background: var(--bubble); color: var(--ink); }
.icon svg { width: 18px; height: 18px; }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 18px 16px 8px; background: var(--ground);
  display: flex; flex-direction: column; gap: 4px; scrollbar-width: thin; }
.row { display: flex; flex-direction: column; align-items: flex-start; max-width: 100%; }
.row.customer { align-items: flex-end; }
.row.system { align-items: center; }
.who { font-size: 12px; color: var(--soft); margin: 10px 4px 4px; }
.follows .who { display: none; }
.bubble { max-width: 86%; padding: 10px 14px; border-radius: 18px; background: var(--bubble); white-space: pre-wrap;
  overflow-wrap: anywhere; border-bottom-left-radius: 6px; }
.customer .bubble { background: var(--accent); color: var(--on-accent); border-radius: 18px; border-bottom-right-radius: 6px; }
.staff .bubble { background: var(--staff); color: var(--staff-ink); }
.staff .who { color: var(--staff-ink); font-weight: 600; }
.system .bubble { background: none; color: var(--soft); font-size: 13px; text-align: center; padding: 8px 12px; max-width: 94%; }
.bubble a { color: inherit; text-underline-offset: 2px; }
.pending .bubble { opacity: .62; }
.state { font-size: 12px; color: var(--soft); margin: 3px 6px 0; }
.failed .state { color: var(--warn); }
.sources { display: flex; flex-wrap: wrap; gap: 6px; margin: 6px 0 2px; max-width: 92%; }
.sources a { display: inline-flex; align-items: center; gap: 6px; font-size: 12.5px; line-height: 1.3; color: var(--ink);
  text-decoration: none; border: 1px solid var(--line); background: var(--paper); border-radius: 9px; padding: 5px 9px; }
.sources a:hover { border-color: var(--accent); color: var(--accent); }
.sources svg { width: 13px; height: 13px; flex: none; color: var(--soft); }
.choices { display: flex; flex-wrap: wrap; gap: 8px; margin: 9px 0 4px; }
.choices button { text-align: left; font-size: 14px; font-weight: 550; line-height: 1.35; color: var(--accent); background: var(--paper);
  border: 1.5px solid color-mix(in srgb, var(--accent) 45%, transparent); border-radius: 14px; padding: 8px 13px; }
.choices button:hover { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.typing { display: inline-flex; gap: 5px; padding: 13px 15px; background: var(--bubble); border-radius: 18px;
  border-bottom-left-radius: 6px; margin: 8px 16px 12px; align-self: flex-start; }
.typing i { width: 7px; height: 7px; border-radius: 50%; background: var(--soft); animation: breathe 1.2s infinite; }
.typing i:nth-child(2) { animation-delay: .16s; } .typing i:nth-child(3) { animation-delay: .32s; }
@keyframes breathe { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; transform: translateY(-2px); } }
.below { background: var(--ground); display: flex; flex-direction: column; }
.note { margin: 0 16px 10px; padding: 9px 12px; border-radius: 12px; font-size: 13px; background: var(--warn-ground); color: var(--warn); }
form { display: flex; align-items: flex-end; gap: 8px; padding: 12px; border-top: 1px solid var(--line); background: var(--paper); }
textarea { font: inherit; font-size: 16px; color: var(--ink); flex: 1; resize: none; border: 1.5px solid var(--line); border-radius: 14px;
  background: var(--ground); padding: 9px 13px; max-height: 132px; min-height: 44px; line-height: 1.5; }
textarea::placeholder { color: var(--soft); opacity: 1; }
textarea:focus { outline: none; border-color: var(--accent); }
.send { width: 44px; height: 44px; border-radius: 14px; background: var(--accent); color: var(--on-accent);
  display: grid; place-items: center; flex: none; }
.send[aria-disabled="true"] { background: var(--bubble); color: var(--soft); cursor: default; }
.send svg { width: 20px; height: 20px; }
.hush { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 520px) {
  .panel { position: fixed; inset: 0; width: auto; height: 100dvh; border: 0; border-radius: 0; }
  .open .launcher { display: none; }
  .root { bottom: 16px; right: 16px; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .bubble, .choices button, .launcher, .panel { border: 1px solid; } }
`;

  const ICONS = {
    chat: "M12 4c5 0 8.5 3.2 8.5 7.4s-3.5 7.4-8.5 7.4c-1.2 0-2.3-.2-3.3-.5L4.3 20.5l1.2-4C4.2 15.2 3.5 13.4 3.5 11.4 3.5 7.2 7 4 12 4z",
    down: "M5.5 9.5 12 16l6.5-6.5",
    close: "M6 6l12 12M18 6 6 18",
    send: "M4.5 12 20 4.5 15.5 20l-3.4-6.3zM12.1 13.7 20 4.5",
    source: "M7 3.5h7l4 4v13H7zM13.5 3.5V8H18M10 12h5M10 15.5h5",
    fresh: "M12 5v14M5 12h14",
  };

  function el(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const path = document.createElementNS(space, "path");
    const look = { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.9",
      "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" };
    for (const [key, value] of Object.entries(look)) svg.setAttribute(key, value);
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  /** The address as an absolute one when a browser may follow it; null for javascript:, data: and the like. */
  function safeLink(value) {
    try {
      const url = new URL(value, base);
      return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
    } catch {
      return null;
    }
  }

  /** Text with its web addresses as links; everything else stays text. */
  function withLinks(text) {
    const parts = document.createDocumentFragment();
    let from = 0;
    for (const match of text.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g)) {
      const href = safeLink(match[0]);
      if (!href) continue;
      parts.append(text.slice(from, match.index), el("a", { href, target: "_blank", rel: "noopener noreferrer" }, match[0]));
      from = match.index + match[0].length;
    }
    parts.append(text.slice(from));
    return parts;
  }

  class View {
    constructor(labels, actions) {
      this.labels = labels;
      this.actions = actions;
      this.rows = new Map(); // delivery id -> element
      this.pending = new Map(); // client id -> element
      this.unread = 0;
      this.host = el("div", { "data-rapport": "", "data-theme": options.theme, "data-position": options.position });
      this.shadow = this.host.attachShadow({ mode: "open" });
      this.dress();
      this.build();
      document.body.append(this.host);
    }

    dress() {
      // A constructed sheet is not an inline style: it works under a strict content security policy.
      const accent = /^#[0-9a-f]{6}$/i.test(options.color || "") ? `:host { --accent: ${options.color} !important; }` : "";
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE + accent);
        this.shadow.adoptedStyleSheets = [sheet];
      } catch {
        const style = el("style");
        style.textContent = STYLE + accent;
        this.shadow.append(style);
      }
    }

    build() {
      const { labels } = this;
      this.badge = el("span", { class: "badge", hidden: "" });
      this.launcher = el("button", { class: "launcher", type: "button", "aria-label": labels.launcher,
        "aria-expanded": "false", "aria-controls": "panel", "aria-haspopup": "dialog" }, icon("chat"), icon("down"), this.badge);
      this.log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions",
        "aria-label": labels.log, tabindex: "0" });
      this.welcome = this.row("bot", labels.assistant, labels.welcome);
      this.dots = el("div", { class: "typing", hidden: "", role: "status" },
        el("i"), el("i"), el("i"), el("span", { class: "hush" }, labels.typing));
      this.note = el("p", { class: "note", role: "status", hidden: "" });
      this.input = el("textarea", { rows: "1", placeholder: labels.placeholder, "aria-label": labels.input,
        autocomplete: "off", enterkeyhint: "send" });
      this.send = el("button", { class: "send", type: "submit", "aria-label": labels.send, "aria-disabled": "true" }, icon("send"));
      this.form = el("form", {}, this.input, this.send);
      this.fresh = el("button", { class: "icon", type: "button", "aria-label": labels.fresh, title: labels.fresh }, icon("fresh"));
      this.close = el("button", { class: "icon", type: "button", "aria-label": labels.close, title: labels.close }, icon("close"));
      this.panel = el("section", { class: "panel", id: "panel", role: "dialog", "aria-label": labels.dialog, hidden: "" },
        el("header", {}, el("div", { class: "mark" }, icon("chat")),
          el("div", { class: "heading" }, el("strong", {}, options.title || labels.title), el("span", {}, labels.subtitle)),
          this.fresh, this.close),
        this.log, el("div", { class: "below" }, this.dots, this.note), this.form);
      this.root = el("div", { class: "root" }, this.panel, this.launcher);
      this.log.append(this.welcome);
      this.shadow.append(this.root);
      this.listen();
    }

    listen() {
      this.launcher.addEventListener("click", () => (this.isOpen() ? this.hide() : this.show()));
      this.close.addEventListener("click", () => this.hide());
      this.fresh.addEventListener("click", () => this.actions.startOver());
      this.panel.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          this.hide();
        }
      });
      this.input.addEventListener("input", () => this.measure());
      this.input.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          this.form.requestSubmit();
        }
      });
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        const text = this.input.value.trim();
        if (!text) return;
        this.input.value = "";
        this.measure();
        this.actions.send({ text, shown: text });
      });
    }

    measure() {
      this.input.style.height = "auto";
      this.input.style.height = `${Math.min(this.input.scrollHeight + 3, 132)}px`;
      this.send.setAttribute("aria-disabled", this.input.value.trim() ? "false" : "true");
    }

    isOpen() {
      return !this.panel.hidden;
    }

    show(focus = true) {
      this.panel.hidden = false;
      this.root.classList.add("open");
      this.launcher.setAttribute("aria-expanded", "true");
      this.launcher.setAttribute("aria-label", this.labels.close);
      this.setUnread(0);
      memory.keepOpen(true);
      this.scroll(true);
      if (focus) this.input.focus();
      this.actions.opened();
    }

    hide() {
      this.panel.hidden = true;
      this.root.classList.remove("open");
      this.launcher.setAttribute("aria-expanded", "false");
      this.setUnread(0);
      memory.keepOpen(false);
      this.launcher.focus();
    }

    setUnread(count) {
      this.unread = count;
      this.badge.hidden = count === 0;
      this.badge.textContent = count > 9 ? "9+" : String(count);
      if (!this.isOpen()) {
        this.launcher.setAttribute("aria-label", count ? `${this.labels.launcher}. ${this.labels.unread}` : this.labels.launcher);
      }
    }

    /** Screen readers hear what is new, not the history read back at the start. */
    quiet(on) {
      this.log.setAttribute("aria-live", on ? "off" : "polite");
    }

    row(author, name, text, at) {
      const time = at ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
      const row = el("div", { class: `row ${author}`, "data-author": author });
      if (author !== "system") row.append(el("div", { class: "who" }, [name, time].filter(Boolean).join(" · ")));
      if (text) {
        const bubble = el("div", { class: "bubble" });
        bubble.append(author === "customer" ? text : withLinks(text));
        row.append(bubble);
      }
      return row;
    }

    /** One delivery of the server. Seen before: nothing happens. */
    add(message, isNew) {
      if (this.rows.has(message.id)) return;
      const mine = message.author === "customer";
      const name = mine ? this.labels.you : message.name || this.labels.assistant;
      const row = this.row(message.author, name, message.text || "", message.at);
      row.dataset.name = name;
      if (message.sources?.length) row.append(this.sources(message.sources, message.id));
      if (message.buttons?.length) row.append(this.choices(message.buttons));
      if (mine) {
        this.settle(message.client_id);
        this.retireChoices();
      }
      const firstPending = this.pending.values().next().value || null;
      const before = firstPending ? firstPending.previousElementSibling : this.log.lastElementChild;
      if (before?.dataset.author === message.author && before?.dataset.name === name) row.classList.add("follows");
      const follow = this.nearEnd();
      this.log.insertBefore(row, firstPending);
      this.rows.set(message.id, row);
      if (follow || mine) this.scroll(true);
      if (isNew && !mine && !this.isOpen()) this.setUnread(this.unread + 1);
    }

    sources(sources, delivery) {
      const list = el("div", { class: "sources" });
      for (const source of sources) {
        const href = safeLink(source.url);
        if (!href) continue;
        const link = el("a", { href, target: "_blank", rel: "noopener noreferrer", "aria-label": `${this.labels.sources}: ${source.title}` },
          icon("source"), source.title);
        link.addEventListener("click", () => this.actions.followed({ delivery, url: source.url }));
        list.append(link);
      }
      return list;
    }

    choices(buttons) {
      const group = el("div", { class: "choices", role: "group", "aria-label": this.labels.choices });
      for (const { title, payload } of buttons) {
        const button = el("button", { type: "button" }, title);
        button.addEventListener("click", () => {
          this.input.focus();
          this.actions.send({ payload, shown: title });
        });
        group.append(button);
      }
      return group;
    }

    retireChoices() {
      for (const group of this.log.querySelectorAll(".choices")) group.remove();
    }

    addPending(entry) {
      if (this.pending.has(entry.client_id)) return;
      const row = this.row("customer", this.labels.you, entry.shown);
      row.classList.add("pending");
      if (entry.text) row.dataset.text = entry.text;
      row.append(el("div", { class: "state" }, this.labels.sending));
      this.pending.set(entry.client_id, row);
      this.retireChoices();
      this.log.append(row);
      this.scroll(true);
    }

    settle(clientId) {
      this.pending.get(clientId)?.remove();
      this.pending.delete(clientId);
    }

    fail(clientId, sentence) {
      const row = this.pending.get(clientId);
      if (!row) return;
      this.pending.delete(clientId); // it waits no more: what comes next stands below it
      if (row.dataset.text && !this.input.value) {
        // Back into the field, so that nothing typed is lost.
        this.input.value = row.dataset.text;
        this.measure();
        row.remove();
      } else {
        row.classList.add("failed");
        row.querySelector(".state").textContent = this.labels.not_sent;
      }
      this.say(sentence);
    }

    say(sentence) {
      this.note.hidden = !sentence;
      this.note.textContent = sentence || "";
    }

    typing(on) {
      this.dots.hidden = !on;
      if (on) this.scroll(false);
    }

    clear() {
      this.rows.clear();
      this.pending.clear();
      this.log.replaceChildren(this.welcome);
      this.typing(false);
      this.say("");
    }

    nearEnd() {
      return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
    }

    scroll(always) {
      if (always || this.nearEnd()) this.log.scrollTop = this.log.scrollHeight;
    }
  }

  // --- talking to the server ------------------------------------------------------------------------

  class Connection {
    constructor(labels) {
      this.token = options.token || null;
      this.last = 0;
      this.generation = 0; // a new conversation makes the old stream fall silent
      this.view = new View(labels, {
        send: (entry) => this.send(entry),
        startOver: () => this.startOver(),
        opened: () => this.connect(),
        // Nobody waits for it: whether it arrives changes nothing for the customer.
        followed: (source) => void this.call("opened", source).catch(() => {}),
      });
      this.flushing = false;
      document.addEventListener("visibilitychange", () => this.interrupt?.());
      window.addEventListener("online", () => this.interrupt?.());
    }

    /** Opens the conversation once; also after a failure, and again when somebody else signs in. */
    connect() {
      this.opening ??= this.open();
      return this.opening;
    }

    async open() {
      const earlier = new Set(this.outbox().map((entry) => entry.client_id));
      for (let attempt = 0; ; attempt += 1) {
        try {
          const response = await this.call("open", { token: this.token, secret: memory.read().secret || null });
          if (!response.ok) throw new Error(String(response.status));
          const opened = await response.json();
          if (opened.fresh) {
            this.view.clear();
            this.last = 0;
            // What waited before belongs to whoever wrote it, unless the old conversation was merely gone. What was
            // typed while this one was being opened belongs to it.
            if (!this.gone) memory.change({ outbox: this.outbox().filter((entry) => !earlier.has(entry.client_id)) });
          }
          this.gone = false;
          memory.change({ secret: opened.secret, used: Date.now() });
          this.secret = opened.secret;
          this.historyEnd = opened.last;
          this.view.say("");
          for (const entry of this.outbox()) this.view.addPending(entry);
          this.follow(++this.generation);
          this.flush();
          return;
        } catch {
          this.view.say(this.view.labels.offline);
          await this.rest(attempt);
        }
      }
    }

    startOver() {
      memory.change({ secret: null, outbox: [] });
      this.view.input.focus();
      this.reopen();
    }

    signIn(token) {
      this.token = token || null;
      if (this.opening || this.view.isOpen()) this.reopen();
    }

    reopen() {
      this.generation += 1;
      this.secret = null;
      this.interrupt?.();
      this.opening = null;
      return this.connect();
    }

    call(path, body) {
      return fetch(new URL(`chat/${path}`, base), {
        method: "POST",
        headers: { "Content-Type": "application/json", ...(this.secret && path !== "open" ? this.authorization() : {}) },
        body: JSON.stringify(body),
        credentials: "omit",
        signal: AbortSignal.timeout(15000),
      });
    }

    authorization() {
      return { Authorization: `Bearer ${this.secret}` };
    }

    rest(attempt) {
      const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
      return Promise.race([
        pause(wait * (0.7 + Math.random() * 0.3)),
        new Promise((resolve) => window.addEventListener("online", resolve, { once: true })),
      ]);
    }

    // Sending: every message waits in the outbox until the server has it. Its client_id makes a resend harmless.

    outbox() {
      return memory.read().outbox || [];
    }

    send({ text, payload, shown }) {
      const entry = { client_id: makeId(), text, payload, shown };
      memory.change({ outbox: [...this.outbox(), entry], used: Date.now() });
      this.view.say("");
      this.view.addPending(entry);
      this.connect().then(() => this.flush());
    }

    async flush() {
      if (this.flushing || !this.secret) return;
      this.flushing = true;
      try {
        for (let attempt = 0; this.secret && this.outbox().length; ) {
          const entry = this.outbox()[0];
          const outcome = await this.post(entry);
          if (outcome === "later") {
            await this.rest(attempt++);
            continue;
          }
          attempt = 0;
          memory.change({ outbox: this.outbox().filter((other) => other.client_id !== entry.client_id) });
        }
      } finally {
        this.flushing = false;
      }
    }

    /** "sent", "refused" or "later". */
    async post({ client_id, text, payload }) {
      try {
        const response = await this.call("messages", { client_id, text, payload });
        if (response.status === 202) {
          this.view.say("");
          return "sent";
        }
        if (response.status >= 500) throw new Error(String(response.status));
        if (response.status === 401) {
          this.lost();
          return "later";
        }
        const { sentence } = await response.json();
        this.view.fail(client_id, sentence);
        return "refused";
      } catch {
        this.view.say(this.view.labels.offline);
        return "later";
      }
    }

    // Reading: a stream; where none gets through and in hidden tabs, asking now and then.

    async follow(generation) {
      let failures = 0;
      this.view.quiet(this.historyEnd > 0);
      while (generation === this.generation) {
        const hidden = document.visibilityState === "hidden";
        const streamed = !hidden && failures < 3 && (await this.stream(generation));
        if (generation !== this.generation) return;
        if (streamed) {
          failures = 0;
          await pause(200 + Math.random() * 400);
          continue;
        }
        if (!hidden) failures += 1;
        const reached = await this.poll(generation);
        if (!reached) failures = Math.min(failures, 2); // no network at all says nothing about streams
        await this.wait(hidden ? POLL_HIDDEN_MS : reached && failures >= 3 ? POLL_MS : RETRY_MS[Math.min(failures, 5)]);
      }
    }

    wait(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.interrupt = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }

    headers() {
      return { ...this.authorization(), ...(this.last ? { "Last-Event-ID": String(this.last) } : {}) };
    }

    /** Reads one stream until it ends; whether it had begun. */
    async stream(generation) {
      const abort = new AbortController();
      let timer = setTimeout(() => abort.abort(), STREAM_OPENS_WITHIN_MS);
      let begun = false;
      this.interrupt = () => {
        if (document.visibilityState === "hidden" || generation !== this.generation) abort.abort();
      };
      try {
        const response = await fetch(new URL("chat/stream", base), {
          headers: { ...this.headers(), Accept: "text/event-stream" },
          credentials: "omit",
          cache: "no-store",
          signal: abort.signal,
        });
        if (response.status === 401) return this.lost();
        if (!response.ok || !response.body) return false;
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let buffer = "";
        for (;;) {
          const { value, done } = await reader.read();
          if (done || generation !== this.generation) return begun;
          begun = true;
          this.view.say("");
          clearTimeout(timer);
          timer = setTimeout(() => abort.abort(), STREAM_SILENCE_MS);
          const blocks = (buffer + value).split(/\r?\n\r?\n/);
          buffer = blocks.pop();
          for (const block of blocks) this.event(block);
        }
      } catch {
        return begun;
      } finally {
        clearTimeout(timer);
        abort.abort();
      }
    }

    event(block) {
      const fields = { event: "message", data: [] };
      for (const line of block.split(/\r?\n/)) {
        const [, name, value] = /^([a-z]+): ?(.*)$/s.exec(line) || [];
        if (name === "data") fields.data.push(value);
        else if (name) fields[name] = value;
      }
      if (!fields.data.length) return;
      const data = JSON.parse(fields.data.join("\n"));
      if (fields.event === "typing") this.view.typing(data.on);
      else if (fields.event === "message") this.receive(data);
      if (this.last >= this.historyEnd) this.view.quiet(false);
    }

    async poll(generation) {
      try {
        const response = await fetch(new URL("chat/messages", base), {
          headers: this.headers(), credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(10000),
        });
        if (response.status === 401) return this.lost();
        if (!response.ok || generation !== this.generation) return false;
        const { messages, typing } = await response.json();
        for (const message of messages) this.receive(message);
        this.view.typing(typing);
        this.view.quiet(false);
        this.view.say("");
        return true;
      } catch {
        this.view.say(this.view.labels.offline);
        return false;
      }
    }

    lost() {
      this.gone = true;
      memory.change({ secret: null });
      this.reopen();
      return false;
    }

    receive(message) {
      if (message.author === "customer" && message.client_id) {
        memory.change({ outbox: this.outbox().filter((entry) => entry.client_id !== message.client_id) });
      }
      this.view.add(message, message.id > this.historyEnd);
      this.last = Math.max(this.last, message.id);
    }
  }

  // --- start ----------------------------------------------------------------------------------------

  async function start() {
    let labels = null;
    for (let attempt = 0; !labels; attempt += 1) {
      try {
        const response = await fetch(new URL("chat/labels", base), { credentials: "omit" });
        if (response.ok) labels = await response.json();
      } catch {
        // not reachable yet: the page goes on without a chat
      }
      if (!labels) await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
    const connection = new Connection(labels);
    window.RapportChat = {
      open: () => connection.view.show(),
      close: () => connection.view.hide(),
      signIn: (token) => connection.signIn(token),
    };
    const { secret, used } = memory.read();
    const lately = secret && Date.now() - (used || 0) < 86400000;
    if (memory.wasOpen()) connection.view.show(false);
    else if (lately) connection.connect(); // an answer may have come meanwhile
  }

  window.RapportChat = { open() {}, close() {}, signIn() {} };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
