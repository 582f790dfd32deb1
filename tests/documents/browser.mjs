// A headless Chromium that is driven by the DevTools protocol over a pipe: `chromium-headless-shell`, or what CHROMIUM names.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long is waited for what must come, ms. */
export const WAIT_MS = 30_000;
/** How often is looked whether it has come, ms. */
export const LOOK_AGAIN_MS = 50;

/** A browser. */
export class Browser {
  static async start() {
    const browser = new Browser();
    browser.profile = await mkdtemp(join(tmpdir(), 'guichet-browser-'));
    const program = process.env.CHROMIUM ?? 'chromium-headless-shell';
    const flags = ['--no-sandbox', '--disable-gpu', '--no-proxy-server', '--remote-debugging-pipe', `--user-data-dir=${browser.profile}`];
    browser.process = spawn(program, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true });
    browser.ended = new Promise((ended) => browser.process.once('exit', ended).once('error', ended));
    browser.ended.then((why) => browser.fail(new Error(`the browser ended: ${why}`)));
    browser.waiting = new Map();
    browser.listeners = [];
    browser.last = 0;
    let rest = '';
    browser.process.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      for (const message of messages) browser.hear(JSON.parse(message));
    });
    browser.process.stdio[3].on('error', () => {});
    return browser;
  }

  fail(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  hear(message) {
    const waiting = this.waiting.get(message.id);
    if (!waiting) {
      for (const listener of this.listeners) listener(message.method, message.params, message.sessionId);
      return;
    }
    this.waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
    else waiting.resolve(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { method, resolve, reject });
      this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async stop() {
    // All of its processes, which are one group. None is there when it could not be started.
    if (this.process.pid && this.process.exitCode === null) process.kill(-this.process.pid, 'SIGKILL');
    await this.ended;
    for (const pipe of this.process.stdio.slice(3)) pipe.destroy();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A page of a browser. */
export class Page {
  /** Opens an empty page; `hear` is called with what DevTools tells of it. */
  static async blank(browser) {
    const page = new this();
    page.browser = browser;
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    page.target = targetId;
    page.session = (await browser.send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    browser.listeners.push((method, params, session) => {
      if (session === page.session) page.hear(method, params);
    });
    return page;
  }

  hear() {}

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  /** The value of an expression, awaited when it is a promise. */
  async value(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  }

  /** Waits until an expression is true; answers its value. */
  async until(what, expression) {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const value = await this.value(`(() => { const value = ${expression}; return value instanceof Node ? true : value; })()`);
      if (value) return value;
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}; ${await this.says()}`);
      await new Promise((later) => setTimeout(later, LOOK_AGAIN_MS));
    }
  }

  /** What is told when something did not come. */
  async says() {
    return `the page says: ${await this.value('document.body.innerText')}`;
  }
}
