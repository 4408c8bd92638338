// The listed differences in `messages`, thinking apart: who speaks when, and tool calls with their results.
import { isAdaptive, isClaude, isKimi, isMistral, isNova, seesImagesInResults, takesNoSystemPrompt, takesResultsAlone } from "./families.mjs";
import { eachText, isBlank, isMadeUp, whole } from "./words.mjs";

const EMPTY = { text: "<empty>" };
const isEmpty = (block) => block.text === EMPTY.text;
const call = (block) => block.toolUse;
const result = (block) => block.toolResult;
const calls = ({ content }) => content.filter(call);
const results = ({ content }) => content.filter(result);

/** The neighbours of one role made one message. */
function joined(messages, role) {
  return messages.reduce((all, message) => {
    const last = all.at(-1);
    if (last?.role === role && message.role === role) last.content.push(...message.content);
    else all.push(message);
    return all;
  }, []);
}

/** Each message of the assistant with the user's behind it. */
const answers = (messages) =>
  messages
    .slice(1)
    .map((message, index) => [messages[index], message])
    .filter(([before, { role }]) => before.role === "assistant" && role === "user");

const madeUp = ({ toolUse: { toolUseId }, mark }) => ({
  toolResult: { toolUseId, content: [{ text: "No result provided" }], status: "error" },
  mark,
});

/** Calls of a message and the results behind it, one to one: of several with one id the first to the first. */
function pairs(before, message) {
  const left = results(message);
  return calls(before).map((block) => {
    const position = left.findIndex(({ mark }) => mark === block.mark);
    return [block, position < 0 ? undefined : left.splice(position, 1)[0]];
  });
}

/** Results, then all else; of the results the made-up ones last, in the order of their calls. */
function ordered(before, message) {
  const invented = pairs(before, message)
    .map(([, answer]) => answer)
    .filter((answer) => answer && isMadeUp(answer));
  const real = results(message).filter((block) => !invented.includes(block));
  message.content = [...real, ...invented, ...message.content.filter((block) => !result(block))];
}

/** What an image is by its first bytes, in base64. */
const SIGNATURES = { iVBORw0KGgo: "png", R0lGOD: "gif" };

const hasTools = ({ toolConfig }) => toolConfig !== undefined;

export const HISTORY = [
  {
    name: "a system prompt that is blank is not sent",
    reason: "Bedrock refuses a blank text; a part of which nothing is left without halves of surrogate pairs is no part",
    right: "here",
    source: "the simulator refuses it in the service's words; OpenClaw #72640 for messages",
    breaks: ["no blank text", "botocore"],
    rewrite(body, _ours, { context }) {
      const said = [context.systemPrompt, ...context.messages.filter(({ role }) => role === "system").map(({ content }) => content)];
      const text = said
        .map((text) => whole(text ?? ""))
        .filter((text) => text !== "")
        .join("\n\n");
      if (isBlank(text)) delete body.system;
      else body.system[0].text = text;
    },
  },
  {
    name: "halves of surrogate pairs are left out of arguments too",
    reason: "pi removes them from texts alone; a parser of JSON may refuse the whole request for one",
    right: "here",
    source: "RFC 8259, section 8.2",
    rewrite(body) {
      for (const toolUse of body.messages.flatMap(({ content }) => content.filter(call).map(call)))
        toolUse.input = eachText(toolUse.input, whole);
    },
  },
  {
    name: "an image has the format that its bytes have",
    reason: "the service refuses an image that is not what it is said to be, and pi goes by the media type alone",
    right: "here",
    source: "Anthropic's words: `the image was specified using the image/jpeg media type, but appears to be a image/png image`",
    rewrite(body) {
      const content = body.messages.flatMap(({ content }) => content);
      for (const { image } of [...content, ...content.filter(result).flatMap(({ toolResult }) => toolResult.content)]) {
        const [, format] = Object.entries(SIGNATURES).find(([start]) => image?.source.bytes.startsWith(start)) ?? [];
        if (format) image.format = format;
      }
    },
  },
  {
    name: "images in a row leave one placeholder where a model takes none",
    reason: "pi sees a row end at a blank text, which it then leaves out",
    right: "either",
    source: "pi's `replaceImagesWithPlaceholder` means one for a row",
    rewrite(body) {
      const isPlaceholder = ({ text }) => /^\((tool )?image omitted: /.test(text ?? "");
      const once = (content) => content.filter((block, index) => !isPlaceholder(block) || !isPlaceholder(content[index - 1] ?? {}));
      for (const message of body.messages) message.content = once(message.content);
      for (const { toolResult } of body.messages.flatMap(results)) toolResult.content = once(toolResult.content);
    },
  },
  {
    name: "what a user says and what tools answer is one message",
    reason: "Bedrock refuses two messages of a user in a row; the results of tools come first",
    right: "here",
    source: "opencode #41445, mlflow #24296; OpenClaw merges before it calls pi",
    breaks: ["roles alternate"],
    rewrite(body) {
      body.messages = joined(body.messages, "user");
      for (const message of body.messages.filter(({ role }) => role === "user")) {
        message.content = [...results(message), ...message.content.filter((block) => !result(block))];
      }
    },
  },
  {
    name: "what the assistant says in a row is one message",
    reason: "Bedrock refuses two messages of the assistant in a row",
    right: "here",
    source: "API documentation of Converse: roles alternate",
    breaks: ["roles alternate"],
    rewrite(body) {
      body.messages = joined(body.messages, "assistant");
    },
  },
  {
    name: "a result that comes late is sent",
    reason: "pi makes up an error as soon as the user speaks, and then sends the result besides; what is made up comes last here",
    right: "here",
    source: "strands #1435: exactly one result for each call",
    breaks: ["each result answers a call of the turn before"],
    rewrite(body) {
      for (const [before, message] of answers(body.messages)) {
        const isLate = (block) => results(message).some((other) => other.mark === block.mark && !isMadeUp(other));
        message.content = message.content.filter((block) => !isMadeUp(block) || !isLate(block));
        ordered(before, message);
      }
    },
  },
  {
    name: "a result that answers no call is not sent",
    reason: "it makes the whole request fail; pi leaves out calls of failed messages and keeps their results",
    right: "here",
    source: "strands #1435",
    breaks: ["each result answers a call of the turn before"],
    hides: ["toolConfig where the history has calls", "botocore"],
    rewrite(body) {
      const answering = new Set(answers(body.messages).flatMap(([before, message]) => pairs(before, message).map(([, answer]) => answer)));
      for (const message of body.messages) message.content = message.content.filter((block) => !result(block) || answering.has(block));
      body.messages = joined(
        body.messages.filter(({ content }) => content.length > 0),
        "assistant",
      );
    },
  },
  {
    name: "each of two calls with one id has a result",
    reason: "pi takes one result for both",
    right: "here",
    source: "strands #1435",
    breaks: ["ids of calls"],
    rewrite(body) {
      for (const [before, message] of answers(body.messages)) {
        const missing = pairs(before, message)
          .filter(([, answer]) => !answer)
          .map(([block]) => madeUp(block));
        if (missing.length === 0) continue;
        message.content.push(...missing);
        ordered(before, message);
      }
    },
  },
  {
    name: "`<empty>` is said only where nothing else is",
    reason: "pi puts it in the place of each message of a user that is blank, and two of them may be one message here",
    right: "here",
    source: "follows from merging",
    rewrite(body) {
      for (const message of body.messages.filter(({ role }) => role === "user")) {
        const said = message.content.filter((block) => !isEmpty(block));
        message.content = said.length > 0 ? said : [EMPTY];
      }
    },
  },
  {
    name: "calls and results are text where there are no tools",
    reason: "without `toolConfig` Bedrock refuses `toolUse` and `toolResult`",
    right: "here",
    source: "vercel PR 7537 and others; OpenClaw writes the same text (vector R10)",
    breaks: ["toolConfig where the history has calls"],
    hides: ["botocore", "ids of calls", "names of tools", "each result answers a call of the turn before"],
    rewrite(body, ours) {
      if (hasTools(ours)) return;
      for (const [before, message] of answers(body.messages)) {
        const named = new Map(pairs(before, message).map(([{ toolUse }, answer]) => [answer, toolUse.name]));
        message.content = message.content.flatMap((block) => {
          if (!result(block)) return [block];
          const { status, content } = block.toolResult;
          return [{ text: `[Tool result: ${named.get(block)}${status === "error" ? " (error)" : ""}]:` }, ...content];
        });
      }
      for (const message of body.messages) {
        message.content = message.content.map((block) =>
          call(block) ? { text: `[Assistant tool call]: ${block.toolUse.name}(${JSON.stringify(block.toolUse.input)})` } : block,
        );
      }
    },
  },
  {
    name: "ids of calls have the form that the model takes, and each its own",
    reason:
      "pi replaces letters and cuts off ends of other models' ids alone, so that two may become one; Mistral takes nine letters and digits, Kimi its own",
    right: "here",
    source: "vercel PRs 11863 and 13326; pi's own open fix for colliding ids",
    breaks: ["botocore"],
    hides: ["ids of calls", "each result answers a call of the turn before"],
    rewrite(body, ours, { model }) {
      const form = isMistral(model) ? /^[a-zA-Z0-9]{9}$/ : isKimi(model) ? /^[a-zA-Z0-9_.:-]{1,64}$/ : /^[a-zA-Z0-9_-]{1,64}$/;
      const seen = new Set();
      const turns = ours.messages.filter(({ role }) => role === "assistant").map(calls).filter(({ length }) => length > 0);
      for (const [index, before] of body.messages.entries()) {
        if (before.role !== "assistant" || calls(before).length === 0) continue;
        const ourCalls = turns.shift() ?? [];
        const paired = pairs(before, body.messages[index + 1] ?? { content: [] });
        if (paired.length !== ourCalls.length) continue;
        for (const [number, [{ toolUse }, answer]] of paired.entries()) {
          const { toolUseId } = ourCalls[number].toolUse;
          // An id that would do as it is stays, unless it was there before.
          const kept = form.test(toolUse.toolUseId) && !seen.has(toolUse.toolUseId);
          if (kept || !form.test(toolUseId) || seen.has(toolUseId)) {
            seen.add(toolUse.toolUseId);
            continue;
          }
          seen.add(toolUseId);
          toolUse.toolUseId = toolUseId;
          if (answer) answer.toolResult.toolUseId = toolUseId;
        }
      }
    },
  },
  {
    name: "Nova's tools have no hyphens in their names",
    reason: "Nova fails every call of such a tool; the name is put back in the answer",
    right: "here",
    source: "SEMOSS PR 2892",
    breaks: ["names of tools"],
    rewrite(body, _ours, { model }) {
      if (!isNova(model)) return;
      const named = [
        ...body.messages.flatMap(({ content }) => content.filter(call).map(call)),
        ...(body.toolConfig?.tools ?? []).map(({ toolSpec }) => toolSpec),
      ];
      for (const tool of named) tool.name = tool.name.replaceAll("-", "_");
    },
  },
  {
    name: "images in results stand behind them where the model does not see them inside",
    reason: "Claude refuses images in a result that is an error; but for Claude, Nova and Llama 4, no model is known to see one in any result",
    right: "here",
    source: "pi #10794, which pi 1.5.2 handles the same way; AWS's page on ToolResultContentBlock; OpenClaw for GPT-5.6 Sol (vector R13)",
    rewrite(body, ours, { model }) {
      if (!hasTools(ours)) return;
      for (const [before, message] of answers(body.messages)) {
        const answered = new Map(pairs(before, message).map(([{ toolUse }, answer]) => [answer, toolUse]));
        const behind = results(message).flatMap((block) => lifted(block.toolResult, answered.get(block), model));
        message.content.splice(message.content.findLastIndex(result) + 1, 0, ...behind);
      }
    },
  },
  {
    name: "a conversation begins with the user",
    reason: "Bedrock refuses one that the assistant begins",
    right: "here",
    source: "API documentation of Converse",
    breaks: ["a user begins"],
    rewrite(body) {
      if (body.messages[0]?.role === "assistant") body.messages.unshift({ role: "user", content: [EMPTY] });
    },
  },
  {
    name: "a turn of thinking alone is left out where the model does not go on with an answer",
    reason: "Claudes from 4.6 on take it for one that they are to go on with",
    right: "here",
    source: "hermes-agent #105780",
    rewrite(body, _ours, { model }) {
      if (!isAdaptive(model)) return;
      const thinksAlone = ({ role, content }) => role === "assistant" && content.every(({ reasoningContent }) => reasoningContent);
      if (body.messages.some(thinksAlone)) body.messages = joined(body.messages.filter((message) => !thinksAlone(message)), "user");
    },
  },
  {
    name: "calls and results stand alone in their turns where the model takes nothing beside them",
    reason: "Mistral refuses text beside calls and results, Llama 3 anything beside results; roles still have to alternate",
    right: "here",
    source: "langchain-aws #141, strands #1223, opencode #49443",
    rewrite(body, _ours, { model }) {
      body.messages = body.messages.flatMap(({ role, content }) => {
        const speaks = content.some(({ text }) => text !== undefined);
        const mixed = isMistral(model) ? speaks : takesResultsAlone(model) && role === "user" && !content.every(result);
        const own = role === "user" ? result : (block) => !call(block);
        if (!mixed || !content.some(role === "user" ? result : call)) return [{ role, content }];
        const [other, text] = role === "user" ? ["assistant", "I have received the tool results."] : ["user", "Go on."];
        return [
          { role, content: content.filter(own) },
          { role: other, content: [{ text }] },
          { role, content: content.filter((block) => !own(block)) },
        ];
      });
    },
  },
  {
    name: "no white space ends what the assistant is to go on with",
    reason: "Anthropic refuses it",
    right: "here",
    source: "Anthropic's API documentation",
    rewrite({ messages }) {
      const last = messages.at(-1);
      const block = last?.role === "assistant" ? last.content.at(-1) : undefined;
      if (block?.text !== undefined) block.text = block.text.trimEnd();
    },
  },
  {
    name: "the system prompt stands before the first message where a model has no system role",
    reason: "the service refuses `system` for it",
    right: "here",
    source: "AWS's table of what models take in Converse",
    rewrite(body, _ours, { model }) {
      if (!body.system || !takesNoSystemPrompt(model)) return;
      body.messages[0].content.unshift({ text: body.system[0].text });
      delete body.system;
    },
  },
];

/** Takes the images out of a result where the model wants them behind all results; gives what goes there. */
function lifted(toolResult, toolUse, model) {
  const isImage = (block) => block.image;
  const wants = isClaude(model) ? toolResult.status === "error" : !seesImagesInResults(model);
  const images = toolResult.content.filter(isImage);
  if (!wants || images.length === 0) return [];
  const label = isClaude(model)
    ? `Images from the error result of tool call ${toolUse.toolUseId} (${toolUse.name}):`
    : `Images from tool result ${toolUse.toolUseId}:`;
  const inPlace = isClaude(model) ? "(image attached after the tool results)" : `(see attached images labeled "${label.slice(0, -1)}")`;
  toolResult.content = toolResult.content
    .filter((block, index, all) => !isImage(block) || !isImage(all[index - 1] ?? {}))
    .map((block) => (isImage(block) ? { text: inPlace } : block));
  return [{ text: label }, ...images];
}
