// A server of one's own: on free ports, with the demo world, in a directory that goes away with it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const PASSWORD = "Guichet-demo-1";

/** The program, from `GUICHET_BIN`. */
function program() {
  const named = process.env.GUICHET_BIN;
  if (!named) throw new Error("GUICHET_BIN must name the guichet program");
  return named;
}

/** The settings of whoever runs the tests are not those of the server. */
function environment(more) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GUICHET_"));
  return { ...Object.fromEntries(own), ...more };
}

export class Server {
  #directory;
  #child = null;
  #listen = "127.0.0.1:0";
  /** The address of the REST door; the same after a restart. */
  api = "";

  /** Starts a server on an empty directory. `settings` are environment variables. */
  static async start(settings = {}) {
    const server = new Server();
    server.settings = settings;
    server.#directory = await mkdtemp(join(tmpdir(), "guichet-client-"));
    try {
      await server.again();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** Starts the server on what is there, at the same address. */
  async again() {
    const child = spawn(program(), ["up", "--demo", "--api-listen", this.#listen, "--soap-listen", "127.0.0.1:0"], {
      env: environment({ ...this.settings, GUICHET_DATA: join(this.#directory, "data") }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stderr.pipe(createWriteStream(join(this.#directory, "stderr"), { flags: "a" }));
    this.#child = child;
    const doors = {};
    for await (const line of createInterface({ input: child.stdout })) {
      const [door, url] = line.split(" listening on ");
      doors[door] = url;
      if (doors.api && doors.soap) break;
    }
    if (!doors.api || !doors.soap) throw new Error(`the server does not listen: ${await this.#said()}`);
    this.api = doors.api;
    this.#listen = new URL(doors.api).host;
  }

  /** Stops it as an operator does; waits for its end. */
  async stop() {
    const code = await this.#signal("SIGTERM");
    if (code !== 0) throw new Error(`the server ended with ${code}: ${await this.#said()}`);
  }

  /** Ends it as a power cut does. */
  async kill() {
    await this.#signal("SIGKILL");
  }

  /** Ends it and takes its directory away. */
  async remove() {
    if (this.#child !== null) await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #signal(name) {
    const child = this.#child;
    this.#child = null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, "exit");
    child.kill(name);
    const [code] = await ended;
    // A program that has started another one leaves it these, and they would keep this process alive.
    child.stdout.destroy();
    child.stderr.destroy();
    return code;
  }

  async #said() {
    const lines = await readFile(join(this.#directory, "stderr"), "utf8").catch(() => "");
    return lines.split("\n").slice(-15).join("\n");
  }
}
