// A provider in JavaScript that translates streams and does nothing else: what another language needs for the contract.
// `componentize-qjs` puts it into QuickJS and makes a component of both. It imports nothing.

import { Turn } from "./turn.js";
import { explain, plain } from "./failures.js";

const TRANSLATES_ONLY = "this provider translates streams and does nothing else";
const EXPECTED = "a provider with all four verbs, such as the one in `quarry`";

export const about = {
  identify() {
    return {
      name: "javascript-streams",
      version: "0.1.0",
      provider: "amazon-bedrock",
      api: "bedrock-converse-stream",
      configPaths: [],
      variables: [],
    };
  },
};

// The error of a WIT `result` is thrown.
export const config = {
  merge() {
    const place = { layer: "defaults", source: "", line: 0, column: 0 };
    throw [{ severity: "error", place, path: "", message: TRANSLATES_ONLY, expected: EXPECTED }];
  },
};

class Listing {
  resume() {
    const failures = [plain("validation", `No models are listed: ${TRANSLATES_ONLY}`, EXPECTED, false)];
    const source = { tag: "failed" };
    return { tag: "done", val: { models: [], leftOut: [], source, failures, notices: [] } };
  }
}

export const models = { Listing };

export const conversation = {
  Turn,
  prepare() {
    throw [{ path: "", message: TRANSLATES_ONLY, expected: EXPECTED }];
  },
  explain,
};
