/* Keeps the queue current: asks for the table again and again, and shows in the tab how many wait. */
(() => {
  "use strict";
  const queue = document.getElementById("queue");
  const stale = document.getElementById("stale");
  const title = document.title;
  const every = Number(queue.dataset.every);
  let shown = queue.innerHTML;

  const count = () => {
    const waiting = Number(queue.querySelector("[data-waiting]")?.dataset.waiting || 0);
    document.title = waiting ? `(${waiting}) ${title}` : title;
  };

  async function refresh() {
    try {
      const response = await fetch("/staff/queue?part=1", { headers: { Accept: "text/html" } });
      if (response.redirected) return location.reload(); // logged out
      if (!response.ok) throw new Error(String(response.status));
      const html = await response.text();
      // Rendered and escaped by the server. Left alone while nothing changed, so that focus stays.
      if (html !== shown) {
        const held = document.activeElement?.closest("form")?.action;
        queue.innerHTML = html;
        shown = html;
        if (held) [...queue.querySelectorAll("form")].find((form) => form.action === held)?.querySelector("button").focus();
      }
      stale.hidden = true;
      count();
    } catch {
      stale.hidden = false;
    }
  }

  count();
  setInterval(refresh, every);
})();
