// A proxy between the clients of Bedrock and the simulator: it writes down what they send, and can give one client the very
// answer that another one got, so that two readers can be compared whatever they sent.
import http from "node:http";
import { Buffer } from "node:buffer";

const CONVERSE = /^\/model\/([^/]+)\/converse-stream$/;
// They are about one connection, and the proxy has two.
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding"]);

/** What a client sent and what it was answered. */
class Exchange {
  constructor(model, body) {
    this.model = model;
    this.body = body;
    /** What the simulator said to this very request, whoever's answer the client then got. */
    this.status = 0;
    this.headers = {};
    this.chunks = [];
    /** The connection broke before the answer's end. */
    this.cut = false;
  }

  get text() {
    return Buffer.concat(this.chunks).toString();
  }

  /** Plays the answer. */
  play(response) {
    if (this.status === 0) return response.socket.destroy();
    response.writeHead(this.status, this.headers);
    for (const chunk of this.chunks) response.write(chunk);
    if (!this.cut) return response.end();
    // The connection is closed and not reset, because a reset may throw away what was written, and not the same for both sides.
    response.write("", () => response.socket?.destroySoon());
  }
}

export class Recorder {
  #simulator;
  #server = http.createServer((request, response) => this.#pass(request, response));
  #exchanges = [];
  #upstream = null;
  #replay = null;

  constructor(simulator) {
    this.#simulator = new URL(simulator);
  }

  /** Listens on a free port of loopback, and gives the address. */
  async listen() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /**
   * Runs `client` and gives its result with the exchanges that came of it. `upstream` is the model that the simulator is asked
   * for in place of the client's; a `replay` is an exchange whose answer the client gets where its own request was taken.
   */
  async during(client, { upstream = null, replay = null } = {}) {
    [this.#exchanges, this.#upstream, this.#replay] = [[], upstream, replay];
    const result = await client();
    return { result, exchanges: this.#exchanges };
  }

  async #pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const [, model] = CONVERSE.exec(request.url) ?? [];
    const exchange = new Exchange(model && decodeURIComponent(model), body.toString());
    const replay = this.#replay;
    if (model) this.#exchanges.push(exchange);
    const path = model && this.#upstream ? `/model/${encodeURIComponent(this.#upstream)}/converse-stream` : request.url;
    await this.#ask(request, path, body, exchange);
    const taken = replay && exchange.status === 200 && replay.status === 200;
    (taken ? replay : exchange).play(response);
  }

  /** Asks the simulator, and writes its answer down whole. */
  #ask({ method, headers }, path, body, exchange) {
    const { hostname, port } = this.#simulator;
    return new Promise((resolve) => {
      const asked = http.request({ agent: false, hostname, port, method, path, headers }, async (answer) => {
        exchange.status = answer.statusCode;
        for (const [name, value] of Object.entries(answer.headers)) if (!HOP_BY_HOP.has(name)) exchange.headers[name] = value;
        try {
          for await (const chunk of answer) exchange.chunks.push(chunk);
        } catch {
          exchange.cut = true;
        }
        resolve();
      });
      // A reset may come before anything else, and comes once more after an answer that it cut.
      asked.on("error", () => {
        exchange.cut = true;
        resolve();
      });
      asked.end(body);
    });
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
