// What wrk, h2load and curl can't do, with node's own modules:
//   echo-server PORT                        WebSocket echo without TLS
//   echo PORT CERTIFICATE SECONDS COUNT     connections that send, wait for the echo and send again
//   slow PORT CERTIFICATE COUNT             half of them write their request, half read their answer,
//                                           a little every second; cut ones come again, until killed
// `echo` prints how many echoes came back. Any answer it doesn't expect ends it with 1.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = Buffer.from("x".repeat(64));
// FIN and text, then a length below 126; a client's frame has a mask of four octets.
const SENT = 2 + 4 + TEXT.length;
const ECHOED = Buffer.concat([Buffer.from([0x81, TEXT.length]), TEXT]);

const acceptOf = (key) => createHash("sha1").update(key + GUID).digest("base64");

function die(message) {
  console.error(message);
  process.exit(1);
}

// Calls `frame` for each `size` octets behind the head, which goes to `head`.
function read(socket, size, head, frame) {
  let rest = Buffer.alloc(0);
  let open = false;
  socket.setNoDelay(true);
  socket.on("data", (data) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    if (!open) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      open = true;
      head(rest.subarray(0, end).toString("latin1"));
      rest = rest.subarray(end + 4);
    }
    while (rest.length >= size) {
      frame(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  });
}

function echoServer(port) {
  const server = net.createServer((socket) => {
    socket.on("error", () => socket.destroy());
    read(
      socket,
      SENT,
      (head) => {
        const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
            `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
        );
      },
      (frame) => {
        const mask = frame.subarray(2, 6);
        const echo = Buffer.allocUnsafe(ECHOED.length);
        ECHOED.copy(echo, 0, 0, 2);
        for (let at = 0; at < TEXT.length; at += 1) echo[2 + at] = frame[6 + at] ^ mask[at % 4];
        socket.write(echo);
      },
    );
  });
  server.listen(port, "127.0.0.1");
}

const connect = (port, certificate) =>
  tls.connect({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    ca: readFileSync(certificate),
    ALPNProtocols: ["http/1.1"],
  });

function echo(port, certificate, seconds, count) {
  let echoes = 0;
  const mask = randomBytes(4);
  const frame = Buffer.alloc(SENT);
  frame[0] = 0x81;
  frame[1] = 0x80 | TEXT.length;
  mask.copy(frame, 2);
  TEXT.forEach((octet, at) => (frame[6 + at] = octet ^ mask[at % 4]));
  for (let made = 0; made < count; made += 1) {
    const key = randomBytes(16).toString("base64");
    const socket = connect(port, certificate);
    socket.on("error", (error) => die(`a WebSocket failed: ${error}`));
    socket.on("close", () => die("a WebSocket was closed"));
    socket.on("secureConnect", () =>
      socket.write(
        `GET /echo HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: https://localhost:${port}\r\n` +
          "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
          `Sec-WebSocket-Key: ${key}\r\n\r\n`,
      ),
    );
    read(
      socket,
      ECHOED.length,
      (head) => {
        if (!head.startsWith("HTTP/1.1 101 ") || !head.includes(acceptOf(key)))
          die(`no WebSocket: ${head}`);
        socket.write(frame);
      },
      (answer) => {
        if (!answer.equals(ECHOED)) die("an echo isn't what was sent");
        echoes += 1;
        socket.write(frame);
      },
    );
  }
  setTimeout(() => {
    console.log(echoes);
    process.exit(0);
  }, seconds * 1000);
}

function slow(port, certificate, count) {
  const again = (one) => setTimeout(one, 1000);
  const writer = () => {
    const socket = connect(port, certificate);
    let timer;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearInterval(timer);
      again(writer);
    });
    socket.on("secureConnect", () => {
      socket.write(`GET / HTTP/1.1\r\nHost: localhost:${port}\r\nX-Slow: `);
      timer = setInterval(() => socket.write("x"), 1000);
    });
  };
  const reader = () => {
    const socket = connect(port, certificate);
    let timer;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearInterval(timer);
      again(reader);
    });
    socket.on("secureConnect", () => {
      socket.write(`GET /1m HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
      timer = setInterval(() => socket.resume(), 1000);
    });
    socket.on("data", () => socket.pause());
  };
  for (let made = 0; made < count; made += 1) (made % 2 === 0 ? writer : reader)();
}

const [kind, port, certificate, ...numbers] = process.argv.slice(2);
const [first, second] = numbers.map(Number);
if (kind === "echo-server") echoServer(Number(port));
else if (kind === "echo") echo(Number(port), certificate, first, second);
else if (kind === "slow") slow(Number(port), certificate, first);
else die(`unknown: ${kind}`);
