// The live part and the chat. Pages work without it, but for the chat.
"use strict";

const MAX_NEWS = 5;
const MAX_LOG = 200;

// An element with text and class; text is never taken for HTML.
function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function live(part) {
  const clock = part.querySelector("[data-clock]");
  const state = part.querySelector("[data-state]");
  const news = part.querySelector("[data-news]");
  const source = new EventSource("/live");
  source.addEventListener("open", () => { state.textContent = "Connected."; });
  source.addEventListener("error", () => {
    state.textContent = source.readyState === EventSource.CLOSED
      ? "Not connected. Reload the page for news."
      : "Reconnecting …";
  });
  source.addEventListener("tick", (event) => { clock.textContent = event.data; });
  source.addEventListener("note", (event) => {
    const note = JSON.parse(event.data);
    const link = element("a", note.customer);
    link.href = note.address;
    const item = document.createElement("li");
    item.append(link, " ", element("span", `${note.author}, ${note.at}`, "quiet"));
    news.prepend(item);
    while (MAX_NEWS < news.children.length) news.lastElementChild.remove();
  });
  addEventListener("pagehide", () => source.close());
  // Back from the back-forward cache, the closed source stays closed.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

function chat(part) {
  const state = part.querySelector("[data-state]");
  const log = part.querySelector("[data-log]");
  const form = part.querySelector("[data-say]");
  const input = form.querySelector("input");
  const button = form.querySelector("button");
  let socket;
  let wait = 1000;

  function connect() {
    state.textContent = "Connecting …";
    const address = new URL("/chat", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      wait = 1000;
      // What was said before comes again on every connection.
      log.replaceChildren();
      input.disabled = button.disabled = false;
      state.textContent = "Connected.";
    });
    socket.addEventListener("message", (event) => {
      const said = JSON.parse(event.data);
      const item = document.createElement("li");
      item.append(element("strong", said.from), " ", element("span", said.at, "quiet"), element("p", said.text));
      log.append(item);
      while (MAX_LOG < log.children.length) log.firstElementChild.remove();
      const frame = log.parentElement;
      frame.scrollTop = frame.scrollHeight;
    });
    socket.addEventListener("close", () => {
      input.disabled = button.disabled = true;
      state.textContent = "Not connected. Trying again …";
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 30000);
    });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(input.value);
    input.value = "";
    input.focus();
  });
  connect();
}

const livePart = document.querySelector("[data-live]");
if (livePart) live(livePart);
const chatPart = document.querySelector("[data-chat]");
if (chatPart) chat(chatPart);
