// What the listed differences have to know of a model. Kept apart from the gateway's own table of families, which is what is tested.

/** Names of a model in one form: lower case, and runs of spaces, `_`, `.` and `:` as one `-`. */
const names = ({ id, name }) => [id, name].map((text) => text.toLowerCase().replace(/[\s_.:]+/g, "-"));
const named = (pattern) => (model) => names(model).some((name) => pattern.test(name));

export const isClaude = named(/claude/);
export const isNova = named(/nova/);
export const isMistral = named(/mistral/);
export const isDeepSeek = named(/deepseek/);
export const isSol = named(/gpt-5-6-sol/);
export const isKimi = named(/kimi/);
/** Models other than Claude that are known to see images inside results. */
export const seesImagesInResults = named(/nova|llama-?4/);
export const isGptOss = named(/gpt-oss/);
export const isGpt = named(/gpt-/);
export const isGovCloud = named(/^us-gov-/);
/** Claudes that think as they see fit, and do not take a budget. */
export const isAdaptive = named(/opus-4-[678]|sonnet-4-6|(opus|sonnet|haiku)-5/);
/** Of these, the ones that take `block_binding`, and effort beyond `high`. */
export const bindsBlocks = named(/opus-4-[78]|(opus|sonnet|haiku)-5/);
/** Claudes that take a forced call while they think. */
export const isForcedWhileThinking = named(/opus-4-8|(opus|sonnet|haiku)-5/);
/** Claudes that can think between tool calls when they think by a budget. */
export const thinksBetweenCalls = named(/(opus|sonnet|haiku)-4/);
export const isNova2 = named(/nova-2/);
export const explainsRefusals = named(/claude-(opus|sonnet|haiku)-5/);
export const takesNoSampling = named(/opus-4-[78]|(opus|sonnet|haiku)-5|gpt-5-6-sol/);
export const cachesForAnHour = named(/(opus|sonnet|haiku)-4-[5678]|(opus|sonnet|haiku)-5/);
/** Models that take tools whose arguments are held to their schema. */
export const isStrict = named(/(opus|sonnet|haiku)-4-[56]/);
export const takesNoSystemPrompt = named(/mistral-7b|titan-text/);
export const callsNoTools = named(/mistral-7b|titan-text|deepseek-r1/);
/** Models whose own thinking goes back as `reasoningText` without a signature. */
export const takesUnsignedThinking = named(/nova|gpt-|qwen|kimi/);
/** Models whose prompts pi 0.87.1 caches. */
export const isCachedByPi = named(/claude.*-4-|claude-3-7-sonnet|claude-3-5-haiku|claude-(opus|sonnet)-5/);
/** How far a tool call can be forced. */
export const cannotBeForced = named(/llama|deepseek-r1|jamba/);
export const cannotBeForcedByName = named(/mistral|deepseek|kimi/);
/** Models that take results of tools with nothing beside them. */
export const takesResultsAlone = named(/llama-?3/);
/** Models that take no redacted thinking back. */
export const takesNoRedacted = named(/nova|gpt-oss|llama/);
