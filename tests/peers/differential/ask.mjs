// One request, asked by both sides: by pi-ai itself, and by pi's agent through the gateway.
import { normalizeContext } from "@earendil-works/pi-ai";
import { streamSimple } from "@earendil-works/pi-ai/api/bedrock-converse-stream";
import { streamProxy } from "@earendil-works/pi-agent-core";

/** The message that a stream of pi's events comes to. */
async function message(events) {
  let last;
  for await (const event of events) last = event;
  return last.type === "done" ? last.message : last.error;
}

/** Asks with pi-ai's own Bedrock provider. */
export const askPi = (endpoint, { model, context, options }) =>
  message(
    streamSimple({ ...model, baseUrl: endpoint }, normalizeContext(structuredClone(context)), {
      ...options,
      region: "us-east-1",
      env: { AWS_BEDROCK_FORCE_HTTP1: "1" },
    }),
  );

/** The messages that pi-ai would send, which it does not do. */
export async function messagesOfPi({ model, context, options }) {
  let messages;
  const onPayload = (payload) => {
    messages = payload.messages;
    throw new Error("enough is known");
  };
  await message(streamSimple(model, normalizeContext(structuredClone(context)), { ...options, region: "us-east-1", onPayload }));
  return messages;
}

/**
 * Asks the gateway with the client of pi's agent. That leaves `toolChoice` out of what it sends, which pi-ai takes, so it is put
 * back in.
 */
export async function askGateway({ base, key }, { model, context, options }) {
  const send = globalThis.fetch;
  globalThis.fetch = (url, request) => {
    const body = JSON.parse(request.body);
    if (options.toolChoice) body.options.toolChoice = options.toolChoice;
    return send(url, { ...request, body: JSON.stringify(body) });
  };
  try {
    return await message(streamProxy(model, normalizeContext(structuredClone(context)), { ...options, authToken: key, proxyUrl: base }));
  } finally {
    globalThis.fetch = send;
  }
}
