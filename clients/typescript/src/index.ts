/** The typed client of Guichet. */
export { createGuichet, type Guichet, type GuichetOptions } from "./client.js";
export {
  ChallengeRequired,
  GuichetProblem,
  isProblem,
  SecondFactorRequired,
  UnexpectedAnswer,
  type ProblemCode,
  type Schemas,
} from "./problem.js";
export { tag, unwrap } from "./unwrap.js";
export { pages, type ItemOf, type ListPath, type PageOf, type Pages, type PagesOptions } from "./pages.js";
export { events } from "./feed.js";
export { form, values, type Choice, type Form, type FormField, type Rules, type Widget } from "./form.js";
export { solve } from "./challenge.js";
export { newKey } from "./key.js";
export type { Feed, Followed, FollowOptions, FollowPath } from "./follow.js";
export type { Link } from "./links.js";
export type { Progress, Uploaded, UploadOptions, UploadPath } from "./upload.js";
export type { RetryOptions } from "./backoff.js";
export type { Credentials, Tokens } from "./renewal.js";
export type { TokenAnswer, TokenStore } from "./session.js";
export type { paths } from "./contract.js";
