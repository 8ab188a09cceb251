/* One conversation at the desk: live transcript, sending without leaving the page, the panel kept current. */
(() => {
  "use strict";
  const desk = document.querySelector(".desk");
  const { path, formToken, mine } = desk.dataset;
  const transcript = desk.querySelector(".transcript");
  const problem = document.getElementById("problem");
  const panel = document.getElementById("panel");
  const form = desk.querySelector("form.write");
  const NAMES = { customer: "Customer", bot: "Bot", staff: "Staff", system: "" };

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const localTime = (time) => {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    time.textContent = today
      ? at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
      : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  };

  function show(message) {
    if (transcript.querySelector(`[data-id="${message.id}"]`)) return;
    const line = element("div", `line ${message.author}`);
    line.dataset.id = message.id;
    const meta = element("p", "meta", `${message.name || NAMES[message.author]} `);
    const time = element("time");
    time.dateTime = message.at;
    localTime(time);
    meta.append(time);
    line.append(meta, element("div", "text", message.text));
    if (message.buttons?.length) {
      const offered = element("p", "offered");
      for (const button of message.buttons) offered.append(element("span", "", button.title));
      line.append(offered);
    }
    if (message.sources?.length) {
      const offered = element("p", "offered");
      for (const source of message.sources) {
        const link = element("a", "", source.title);
        if (/^(https?:\/\/|\/)/.test(source.url)) link.href = source.url;
        link.target = "_blank";
        link.rel = "noopener noreferrer";
        offered.append(link);
      }
      line.append(offered);
    }
    const atEnd = transcript.scrollHeight - transcript.scrollTop - transcript.clientHeight < 140;
    transcript.append(line);
    if (atEnd) transcript.scrollTop = transcript.scrollHeight;
    if (message.author === "customer") refreshPanel();
  }

  let typing = null;
  function showTyping(on) {
    typing ??= element("p", "meta typing", "The bot is working on it");
    if (on) transcript.append(typing);
    else typing.remove();
  }

  // EventSource comes back by itself and sends the last id it saw.
  const source = new EventSource(`${path}/stream?after=${transcript.dataset.last}`);
  source.addEventListener("message", (event) => {
    show(JSON.parse(event.data));
    if (typing?.isConnected) transcript.append(typing);
  });
  source.addEventListener("typing", (event) => showTyping(JSON.parse(event.data).on));

  let panelTimer = null;
  function refreshPanel() {
    clearTimeout(panelTimer);
    // The log follows the conversation by a moment: sentiment and orders are read a little later.
    panelTimer = setTimeout(async () => {
      try {
        const response = await fetch(`${path}?part=1`, { headers: { Accept: "text/html" } });
        if (response.ok && !response.redirected) panel.innerHTML = await response.text(); // escaped by the server
      } catch {
        // the next message tries again
      }
    }, 1500);
  }

  function tell(outcome) {
    problem.hidden = !outcome;
    problem.textContent = outcome ? problem.dataset[outcome.replace(/_(.)/g, (_, letter) => letter.toUpperCase())] || "" : "";
  }

  if (form) {
    const text = form.elements.text;
    let clientId = null; // kept until the server has the text: a second try is not a second message
    const send = async () => {
      if (!text.value.trim()) return;
      clientId ??= crypto.getRandomValues(new Uint32Array(4)).join("-");
      const body = new URLSearchParams({ text: text.value, client_id: clientId });
      try {
        const response = await fetch(`${path}/messages`, {
          method: "POST",
          headers: { Accept: "application/json", "X-Form-Token": formToken },
          body,
        });
        const { outcome } = await response.json();
        if (outcome === "done") {
          text.value = "";
          clientId = null;
          tell("");
        } else tell(outcome || "offline");
      } catch {
        tell("offline");
      }
      text.focus();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        send();
      }
    });
    text.addEventListener("input", () => {
      if (!text.value) clientId = null;
    });
  }

  transcript.querySelectorAll("time").forEach(localTime);
  transcript.scrollTop = transcript.scrollHeight;
  if (mine !== "yes") {
    // Who has it may change without this page doing anything.
    source.addEventListener("message", (event) => {
      if (JSON.parse(event.data).author === "system") setTimeout(() => location.reload(), 600);
    });
  }
})();
