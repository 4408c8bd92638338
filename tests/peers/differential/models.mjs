// Models of every family that pi or the gateway tells from others. A `standIn` is the simulator's model that answers for one that
// the simulator does not have.
const model = (id, name, more = {}) => ({
  id,
  name,
  api: "bedrock-converse-stream",
  provider: "amazon-bedrock",
  baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com",
  reasoning: false,
  input: ["text", "image"],
  cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  contextWindow: 200_000,
  maxTokens: 8192,
  ...more,
});
const thinks = { reasoning: true, maxTokens: 64_000 };
const strict = { compat: { supportsStrictMode: true } };
const blind = { input: ["text"] };
const ADAPTIVE = "us.anthropic.claude-opus-4-8-v1";
const ANY = "openai.gpt-oss-120b-1:0";

export const MODELS = [
  model("us.anthropic.claude-opus-5-v1", "Claude Opus 5", {
    ...thinks,
    standIn: ADAPTIVE,
    thinkingLevelMap: { xhigh: "xhigh", max: "max" },
  }),
  model("us.anthropic.claude-sonnet-5-v1", "Claude Sonnet 5", { ...thinks, standIn: ADAPTIVE }),
  model("us.anthropic.claude-haiku-5-v1", "Claude Haiku 5", { ...thinks, standIn: ADAPTIVE }),
  model("us.anthropic.claude-opus-4-8-v1", "Claude Opus 4.8", thinks),
  model("us.anthropic.claude-opus-4-6-v1", "Claude Opus 4.6", { ...thinks, thinkingLevelMap: { xhigh: null, max: "max" } }),
  model("us.anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", thinks),
  model("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", thinks),
  model("us.anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", { ...thinks, ...strict }),
  model("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", {
    ...thinks,
    standIn: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
  }),
  model("us.anthropic.claude-opus-4-20250514-v1:0", "Claude Opus 4", {
    ...thinks,
    standIn: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
  }),
  model("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", thinks),
  model("us.anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", blind),
  model("anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", { maxTokens: 4096 }),
  model("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1", "Claude Sonnet 4.6", thinks),
  model("us.amazon.nova-lite-v1:0", "Nova Lite"),
  model("amazon.nova-micro-v1:0", "Nova Micro", blind),
  model("us.amazon.nova-2-lite-v1:0", "Nova 2 Lite", { reasoning: true }),
  model("openai.gpt-oss-120b-1:0", "gpt-oss-120b", { reasoning: true, ...blind }),
  model("openai.gpt-5.6-sol", "GPT-5.6 Sol", { reasoning: true, standIn: "us.anthropic.claude-sonnet-4-6" }),
  model("us.deepseek.r1-v1:0", "DeepSeek R1", { reasoning: true, ...blind, standIn: ANY }),
  model("deepseek.v3-v1:0", "DeepSeek V3.1", { reasoning: true, ...blind, standIn: ANY }),
  model("mistral.mistral-large-3-675b-instruct", "Mistral Large 3"),
  model("mistral.mistral-7b-instruct-v0:2", "Mistral 7B", blind),
  // The simulator refuses its tools in a stream, as the service does: bodies would be compared, and no answers.
  model("us.meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B", { ...blind, standIn: ANY }),
  model("amazon.titan-text-express-v1", "Titan Text Express", { ...blind, contextWindow: 8000 }),
  model("qwen.qwen3-coder-30b-a3b-v1:0", "Qwen3 Coder", blind),
  model("moonshot.kimi-k2-thinking", "Kimi K2 Thinking", { reasoning: true, ...blind }),
  model("google.gemma-3-27b-it", "Gemma 3 27B"),
  model("ai21.jamba-1-5-mini-v1:0", "Jamba 1.5 Mini", { ...blind, maxTokens: 4096 }),
];
