// A provider in JavaScript: what another language needs for the contract. It reads no configuration, and asks for no thinking.
// `componentize-qjs` puts it into QuickJS and makes a component of both. It imports nothing.

import { Turn } from "./turn.js";
import { explain } from "./failures.js";
import { assemble, resolve, sources } from "./listing.js";
import { countTokens, prepare } from "./request.js";

export const about = {
  identify() {
    return {
      name: "javascript",
      version: "0.1.0",
      provider: "amazon-bedrock",
      api: "bedrock-converse-stream",
      configPaths: [],
      variables: [],
    };
  },
};

export const config = {
  merge() {
    const limits = { refreshInterval: 3600, defaultContextWindow: 32000, defaultMaxTokens: 4096 };
    const lists = { models: [], fallbackModels: [], aliases: [], origins: [], extras: [] };
    const unset = { defaultModel: null, guardrail: null, cacheRetention: null };
    const discovery = { enabled: null, providerFilter: [], ...limits };
    return { settings: { discovery, ...lists, ...unset }, warnings: [] };
  },
};

export const models = { sources, assemble, resolve };

export const conversation = { Turn, prepare, countTokens, explain };
