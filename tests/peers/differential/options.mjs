// The listed differences outside `messages`, and in cache points.
import {
  bindsBlocks,
  cachesForAnHour,
  callsNoTools,
  cannotBeForced,
  cannotBeForcedByName,
  explainsRefusals,
  isAdaptive,
  isClaude,
  isDeepSeek,
  isForcedWhileThinking,
  isGovCloud,
  isGpt,
  isGptOss,
  isNova,
  isNova2,
  isSol,
  isStrict,
  takesNoSampling,
  thinksBetweenCalls,
} from "./families.mjs";

const LEAST_BUDGET = 1024;
const BUDGETS = { minimal: 1024, low: 2048, medium: 8192, high: 16384 };
const thinksByBudget = (body) => body.additionalModelRequestFields?.thinking?.type === "enabled";
const thinks = (body) => body.additionalModelRequestFields?.thinking !== undefined;

export const OPTIONS = [
  {
    name: "a model that calls no tools gets none",
    reason: "the service refuses `toolConfig` for it",
    right: "here",
    source: "AWS's table of what models take in Converse; langchain-aws for DeepSeek R1",
    hides: ["botocore", "arguments are objects"],
    rewrite(body, _ours, { model }) {
      if (callsNoTools(model)) delete body.toolConfig;
    },
  },
  {
    name: "the schema of a tool has an object at its root",
    reason: "the service wants `type: object` there, and Anthropic refuses alternatives there",
    right: "here",
    source: "pi's own open fix for root schemas; the simulator refuses it in the service's words",
    breaks: ["arguments are objects"],
    rewrite(body, ours) {
      for (const [index, { toolSpec }] of (body.toolConfig?.tools ?? []).entries()) {
        const { json } = toolSpec.inputSchema;
        if (json.anyOf)
          toolSpec.inputSchema.json = { type: "object", properties: Object.assign({}, ...json.anyOf.map(({ properties }) => properties)) };
        else if (json.type === undefined) toolSpec.inputSchema.json = { type: "object", ...json };
      }
    },
  },
  {
    name: "strict is asked of the models that take it",
    reason: "pi goes by `compat.supportsStrictMode` of its record, which the gateway does not read",
    right: "either",
    source: "the gateway's table of families",
    rewrite(body, _ours, { model, context }) {
      if (!isStrict(model)) return;
      for (const { toolSpec } of body.toolConfig?.tools ?? []) {
        if (context.tools.find(({ name }) => name === toolSpec.name)?.constrainedSampling) toolSpec.strict = true;
      }
    },
  },
  {
    name: "the schema of a strict tool is closed and no more",
    reason: "pi makes all members required besides, those that may be left out as `null`; a tool is then called with `null`s that it never knew",
    right: "here",
    source: "AWS's page on structured output wants `additionalProperties: false` alone; strands #2210",
    rewrite(body, _ours, { context }) {
      for (const { toolSpec } of body.toolConfig?.tools ?? []) {
        if (!toolSpec.strict) continue;
        const { parameters } = context.tools.find(({ name }) => name === toolSpec.name);
        toolSpec.inputSchema.json = { ...parameters, additionalProperties: false };
      }
    },
  },
  {
    name: "an empty description of a tool is left out",
    reason: "the service wants at least one letter",
    right: "here",
    source: "botocore's model of Bedrock: ToolSpecification.description has a least length of 1",
    breaks: ["botocore"],
    rewrite(body) {
      for (const { toolSpec } of body.toolConfig?.tools ?? []) if (toolSpec.description === "") delete toolSpec.description;
    },
  },
  {
    name: "Claude Haiku 5 thinks as it sees fit",
    reason: "pi 0.87.1 does not know it and gives it a budget",
    right: "here",
    source: "pi 1.5.2 has it among the adaptive ones",
    hides: ["thinking"],
    rewrite(body, _ours, { model, options }) {
      if (!/haiku-5/.test(model.id) || !thinksByBudget(body)) return;
      const level = { minimal: "low", low: "low", medium: "medium", xhigh: "xhigh" }[options.reasoning] ?? "high";
      body.additionalModelRequestFields = { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: level } };
      body.inferenceConfig.maxTokens = options.maxTokens ?? model.maxTokens;
    },
  },
  {
    name: "the limit of tokens is for thinking too",
    reason: "a caller's limit is for all that is answered and paid for; pi adds the budget to it, and does so for models that do not think",
    right: "here",
    source: "OpenClaw keeps the limit (vector R4)",
    rewrite(body, _ours, { model, options }) {
      if (options.reasoning && options.maxTokens && isClaude(model) && !isAdaptive(model))
        body.inferenceConfig.maxTokens = options.maxTokens;
    },
  },
  {
    name: "no limit of tokens is sent unless asked for",
    reason: "Claude apart, which Bedrock cuts at 4096 tokens; pi's record of a model may be wrong, and more than a model takes is refused",
    right: "either",
    source: "pi's `stream` does so too (since 0.73); `streamSimple`, which pi's agent calls, sends the model's own",
    rewrite(body, _ours, { model, options }) {
      if (options.maxTokens === undefined && !isClaude(model)) delete body.inferenceConfig.maxTokens;
    },
  },
  {
    name: "the limit of tokens stays as it was asked for in a long conversation",
    reason: "pi lowers it to what its estimate leaves of the context window, for all; other models than Claude cut an answer short themselves",
    right: "either",
    source: "pi's `clampMaxTokensToContext`, which is done here for Claude, who refuses such a limit",
    rewrite(body, _ours, { model, options }) {
      const asked = options.maxTokens ?? model.maxTokens;
      if (body.inferenceConfig.maxTokens < asked && model.contextWindow < 16_384) body.inferenceConfig.maxTokens = asked;
    },
  },
  {
    name: "thinking is off where the turn that tools answer did not think",
    reason: "with a budget the service wants that turn to begin with thinking of the model's own",
    right: "here",
    source: "RooCode PR 11238; the simulator refuses it in the service's words",
    hides: ["thinking"],
    rewrite(body) {
      const { messages } = body;
      if (!thinksByBudget(body) || !messages.at(-1)?.content.some(({ toolResult }) => toolResult)) return;
      // Calls with their answers, from the last ones back to where the user said something else.
      for (let end = messages.length; end >= 2; end -= 2) {
        const [before, after] = messages.slice(end - 2, end);
        if (end < messages.length && !after.content.every(({ toolResult, cachePoint }) => toolResult || cachePoint)) break;
        if (before.content[0].reasoningContent) return;
      }
      delete body.additionalModelRequestFields;
    },
  },
  {
    name: "the budget gives way to the limit of tokens",
    reason: "the limit stands (above); a budget below 1024 tokens, which is refused, is no thinking at all",
    right: "here",
    source: "OpenClaw turns thinking off (vector R4)",
    hides: ["thinking"],
    rewrite(body, _ours, { options }) {
      if (!thinksByBudget(body)) return;
      const level = ["xhigh", "max"].includes(options.reasoning) ? "high" : options.reasoning;
      const wanted = options.thinkingBudgets?.[level] ?? BUDGETS[level];
      const { maxTokens } = body.inferenceConfig;
      const budget = maxTokens > wanted ? wanted : maxTokens - LEAST_BUDGET;
      if (budget < LEAST_BUDGET) delete body.additionalModelRequestFields;
      else body.additionalModelRequestFields.thinking.budget_tokens = budget;
    },
  },
  {
    name: "signatures may be dropped by the service where the prompt changed",
    reason: "without `block_binding` a changed system prompt or tool makes the replayed thinking invalid and the request fail",
    right: "here",
    source: "pi #10324; pi 1.5.2 sends it",
    rewrite(body, _ours, { model }) {
      const fields = body.additionalModelRequestFields;
      if (fields?.thinking?.type !== "adaptive" || !bindsBlocks(model)) return;
      fields.thinking.block_binding = { prefix_mismatch_behavior: "drop_block" };
      fields.anthropic_beta = ["thinking-binding-controls-2026-08-01"];
    },
  },
  {
    name: "the level `max` goes to models that know it",
    reason: "pi knows `xhigh` by the model's name, and `max` only from its record's `thinkingLevelMap`",
    right: "here",
    source: "AWS's page on adaptive thinking has `max` for Claudes from 4.6 on",
    rewrite(body, _ours, { model, options }) {
      const config = body.additionalModelRequestFields?.output_config;
      if (config && options.reasoning === "max") config.effort = "max";
    },
  },
  {
    name: "GPT models and DeepSeek V3 are asked to think",
    reason: "pi 0.87.1 knows no way and asks nothing",
    right: "here",
    source: "pi #9331; pi 1.5.2 asks GPT in these fields; langchain-aws #1261 for DeepSeek",
    rewrite(body, _ours, { model, options: { reasoning } }) {
      if (!reasoning || !model.reasoning || !(isGpt(model) || (isDeepSeek(model) && !callsNoTools(model)))) return;
      const effort = reasoning === "minimal" ? "low" : reasoning;
      const three = ["xhigh", "max"].includes(effort) ? "high" : effort;
      body.additionalModelRequestFields = isGptOss(model) || isDeepSeek(model) ? { reasoning_effort: three } : { reasoning: { effort } };
    },
  },
  {
    name: "Nova 2 is asked to think",
    reason: "pi knows no way and asks nothing; at high effort Nova takes neither a limit nor a temperature",
    right: "here",
    source: "AWS's guide to Nova 2, extended thinking",
    rewrite(body, _ours, { model, options: { reasoning } }) {
      if (!reasoning || !model.reasoning || !isNova2(model)) return;
      const maxReasoningEffort = { minimal: "low", low: "low", medium: "medium" }[reasoning] ?? "high";
      body.additionalModelRequestFields = { reasoningConfig: { type: "enabled", maxReasoningEffort } };
      if (maxReasoningEffort === "high") body.inferenceConfig = {};
    },
  },
  {
    name: "Claude 3.7 is not asked to think between tool calls",
    reason: "Bedrock fails requests with that switch for Claudes before the fourth generation; pi sends it for every budget",
    right: "here",
    source: "Anthropic's page on extended thinking; AWS's on differences between versions",
    rewrite(body, _ours, { model }) {
      if (thinksByBudget(body) && !thinksBetweenCalls(model)) delete body.additionalModelRequestFields.anthropic_beta;
    },
  },
  {
    name: "a temperature is not sent where it is refused",
    reason: "a thinking Claude takes none, and Claudes from Opus 4.7 on and GPT-5.6 take none at all",
    right: "here",
    source: "OpenClaw leaves it out (#73663)",
    breaks: ["thinking"],
    rewrite(body, _ours, { model }) {
      if ((isClaude(model) && thinks(body)) || takesNoSampling(model)) delete body.inferenceConfig.temperature;
    },
  },
  {
    name: "a tool call is forced only as far as the model takes it",
    reason:
      "a thinking Claude before Opus 4.8 takes `auto` alone, Llama and Jamba no force, Mistral, DeepSeek and Kimi no name; who is not forced is told",
    right: "here",
    source: "OpenClaw for thinking (vector R5), langchain-aws #1141; vercel #4396, langchain-aws, AWS's page on ToolChoice for the families",
    breaks: ["thinking"],
    rewrite(body, _ours, { model }) {
      const choice = body.toolConfig?.toolChoice;
      if (!choice || choice.auto) return;
      if ((isClaude(model) && thinks(body) && !isForcedWhileThinking(model)) || cannotBeForced(model)) {
        body.toolConfig.toolChoice = { auto: {} };
        const which = choice.tool ? `the tool \`${choice.tool.name}\`` : "one of the tools";
        (body.system ??= []).push({ text: `Answer by calling ${which}, not with text.` });
      } else if (choice.tool && cannotBeForcedByName(model)) body.toolConfig.toolChoice = { any: {} };
    },
  },
  {
    name: "the limit of tokens is no less than the model takes",
    reason: "GPT-5.6 refuses fewer than 16 tokens",
    right: "here",
    source: "OpenAI's API: the minimum of `max_output_tokens`",
    rewrite(body, _ours, { model }) {
      if (isSol(model) && body.inferenceConfig?.maxTokens < 16) body.inferenceConfig.maxTokens = 16;
    },
  },
  {
    name: "a refusal is explained",
    reason: "Claudes of the fifth generation say why they refuse in `/stop_details`",
    right: "here",
    source: "OpenClaw asks for it",
    rewrite(body, _ours, { model }) {
      if (explainsRefusals(model)) body.additionalModelResponseFieldPaths = ["/stop_details"];
    },
  },
  {
    name: "Claude Haiku 5 caches prompts",
    reason: "pi 0.87.1 does not know it",
    right: "here",
    source: "pi 1.5.2 and OpenClaw have it among the models that cache",
    rewrite(body, _ours, { model, options }) {
      if (/haiku-5/.test(model.id)) cache(body, options);
    },
  },
  {
    name: "Nova caches prompts where it is asked to",
    reason: "Nova takes cache points in the system prompt and in messages, and caches by itself where none are asked for",
    right: "here",
    source: "OpenClaw (vector R14); LibreChat #13838",
    rewrite(body, _ours, { model, options }) {
      if (isNova(model) && options.cacheRetention)
        cache(body, { cacheRetention: options.cacheRetention === "long" ? "short" : options.cacheRetention });
    },
  },
  {
    name: "an hour's cache is asked of models that have it",
    reason: "Claudes before 4.5 keep entries for five minutes only",
    right: "here",
    source: "OpenClaw's table of caching Claudes",
    rewrite(body, _ours, { model }) {
      if (cachesForAnHour(model)) return;
      for (const { cachePoint } of [...(body.system ?? []), ...body.messages.flatMap(({ content }) => content)])
        if (cachePoint) delete cachePoint.ttl;
    },
  },
];

/** Puts cache points where pi puts them for models that it knows. */
export function cache(body, { cacheRetention = "short" }) {
  if (cacheRetention === "none") return;
  const point = { cachePoint: { type: "default", ...(cacheRetention === "long" ? { ttl: "1h" } : {}) } };
  body.system?.push(point);
  const last = body.messages.at(-1);
  if (last.role === "user") last.content.push(point);
}
