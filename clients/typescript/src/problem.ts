import type { components } from "./contract.js";

/** The schemas of the contract by their names: `Schemas["Ticket"]`. */
export type Schemas = components["schemas"];

/** What a program compares: the codes of the contract, a closed list. Each has its page under `/docs/errors`. */
export type ProblemCode = Schemas["ProblemCode"];

/**
 * A refusal of the server (RFC 9457). Nothing was written, unless `code` says that the outcome is unknown.
 *
 * A `switch` over `code` can be exhaustive, since its type is the contract's list.
 */
export class GuichetProblem<Code extends ProblemCode = ProblemCode> extends Error {
  override readonly name: string = "GuichetProblem";
  /** The HTTP status. */
  readonly status: number;
  /** What a program compares: stable, never translated. */
  readonly code: Code;
  /** What kind of problem it is, in the language asked for. */
  readonly title: string;
  /** What happened this time, in the language asked for; `null` when there is no more to say than the title. */
  readonly detail: string | null;
  /** All faulty fields; empty when the fault is none of a field. */
  readonly errors: readonly Schemas["FieldError"][];
  /** With `stale-version`: the events of the ticket that the sender had not seen, oldest first, at most 50. */
  readonly missed: readonly Schemas["HistoryEntry"][];
  /** The `cursor` with which the ticket's history goes on after `missed`; `null` when `missed` has them all. */
  readonly next_cursor: string | null;
  /** With 409: what is possible now. */
  readonly allowed: readonly Schemas["AllowedAction"][];
  /** Names this call in the server's log. */
  readonly request_id: string;
  /** When it is worth trying again, in seconds from now; `null` when waiting does not help. */
  readonly retry_after_s: number | null;

  constructor(problem: Schemas["Problem"] & { code: Code }) {
    super(`${problem.code}: ${problem.detail ?? problem.title}`);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.missed = problem.missed ?? [];
    this.next_cursor = problem.next_cursor ?? null;
    this.allowed = problem.allowed ?? [];
    this.request_id = problem.request_id;
    this.retry_after_s = problem.retry_after_s ?? null;
  }
}

/** The name and the password are right, and a code of the second factor is missing: send it as `code`. */
export class SecondFactorRequired extends GuichetProblem<"second-factor-required"> {
  override readonly name = "SecondFactorRequired";
}

/** So many tries have failed that a challenge comes first: send `solve(error.challenge)` as `challenge`. */
export class ChallengeRequired extends GuichetProblem<"challenge-required"> {
  override readonly name = "ChallengeRequired";
  /** What to solve. It serves once, and until its `expires_at`. */
  readonly challenge: Schemas["Challenge"];

  constructor(problem: Schemas["Problem"] & { code: "challenge-required" }, challenge: Schemas["Challenge"]) {
    super(problem);
    this.challenge = challenge;
  }
}

/** An answer that is none of Guichet's, such as the error page of a proxy. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
  /** The HTTP status. */
  readonly status: number;
  /** What was received: text, or parsed JSON. */
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`an answer that is not in the contract, with status ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** Whether an error is a refusal of the server, and, when codes are given, one with one of them. */
export function isProblem<Code extends ProblemCode = ProblemCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is GuichetProblem<Code> {
  if (!(error instanceof GuichetProblem)) return false;
  return codes.length === 0 || (codes as readonly ProblemCode[]).includes(error.code);
}

function isProblemBody(body: unknown): body is Schemas["Problem"] {
  return typeof body === "object" && body !== null && "code" in body && "status" in body && "title" in body;
}

function has<Code extends ProblemCode>(
  problem: Schemas["Problem"],
  code: Code,
): problem is Schemas["Problem"] & { code: Code } {
  return problem.code === code;
}

/** The error that an answer stands for, from its status and its parsed body. */
export function errorOf(status: number, body: unknown): GuichetProblem | UnexpectedAnswer {
  if (!isProblemBody(body)) return new UnexpectedAnswer(status, body);
  if (has(body, "second-factor-required")) return new SecondFactorRequired(body);
  if (has(body, "challenge-required") && body.challenge) return new ChallengeRequired(body, body.challenge);
  return new GuichetProblem(body);
}

/** The body of an answer: parsed when it is JSON, text otherwise, `undefined` when there is none. */
export async function bodyOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === "") return undefined;
  if (!/json/.test(answer.headers.get("content-type") ?? "")) return text;
  return JSON.parse(text) as unknown;
}
