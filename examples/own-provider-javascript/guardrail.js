// What a guardrail did, in a few words, from `metadata.trace.guardrail`. The trace itself goes to the client whole.

// Policy, list, what to call it, the member that names it. Members with the user's own words (`match`) are not among them.
const FINDINGS = [
  ["topicPolicy", "topics", "topic", "name"],
  ["contentPolicy", "filters", "content filter", "type"],
  ["wordPolicy", "customWords", "word filter", ""],
  ["wordPolicy", "managedWordLists", "word list", "type"],
  ["sensitiveInformationPolicy", "piiEntities", "personal data", "type"],
  ["sensitiveInformationPolicy", "regexes", "pattern", "name"],
  ["contextualGroundingPolicy", "filters", "grounding", "type"],
];

/** Most findings that are told. */
const TOLD = 8;

/** What was found and acted on. Empty where the trace tells of nothing. */
export function interventions(trace) {
  const { inputAssessment, outputAssessments } = trace?.guardrail ?? {};
  const found = [...new Set([...findings("input", inputAssessment), ...findings("output", outputAssessments)])].sort();
  const more = found.length > TOLD ? [`${found.length - TOLD} more`] : [];
  return [...found.slice(0, TOLD), ...more].join(", ");
}

/** Of assessments by guardrail: one each of the input, a list each of the output. */
function findings(side, byGuardrail) {
  return Object.values(byGuardrail ?? {}).flat().flatMap((assessment) =>
    FINDINGS.flatMap(([policy, list, what, member]) => {
      const found = assessment?.[policy]?.[list];
      const acted = (Array.isArray(found) ? found : []).filter(
        (finding) => typeof finding?.action === "string" && finding.action !== "NONE",
      );
      return acted.map((finding) => {
        const name = typeof finding[member] === "string" ? ` ${JSON.stringify(finding[member])}` : "";
        return `${side}: ${what}${name} ${finding.action.toLowerCase()}`;
      });
    }),
  );
}
