// Stands in for the model: picks the action that the runtime offers for the message, and says so in the form the prompt asks for.
const OURS = ["CREATE_TASK", "LIST_TASKS", "SWITCH_TASK", "SEARCH_TASKS", "PAUSE_TASK", "RESUME_TASK", "CANCEL_TASK"];

const escaped = (value) => (typeof value === "string" ? value : JSON.stringify(value)).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const tag = (name, content) => `<${name}>${content}</${name}>`;

/** The core of version 2 lists in its prompt what is valid; that of version 1 leaves it to a plugin, which asks the actions. */
async function offered(runtime, prompt, message) {
  const listed = /^Possible response actions: (.*)$/m.exec(prompt)?.[1].split(", ");
  if (listed !== undefined) return OURS.filter((name) => listed.includes(name));
  const valid = await Promise.all(runtime.actions.map((action) => action.validate(runtime, message)));
  return runtime.actions.filter((_, index) => valid[index]).map(({ name }) => name);
}

/** The core of version 1 can plan in steps, one action in each. Here the first step does what is asked, and the second ends it. */
async function step(runtime, current, prompt) {
  const { message, parameters = {} } = current;
  if (current.steps > 0) return tag("response", tag("thought", "Done.") + tag("action", "") + tag("parameters", "{}") + tag("providers", "") + tag("isFinish", "true"));
  current.steps = 1;
  const [action] = await offered(runtime, prompt, message);
  return tag("response", tag("thought", "First.") + tag("action", action) + tag("parameters", JSON.stringify(parameters)) + tag("providers", "") + tag("isFinish", "false"));
}

/** Registers the model. `turn()` is what is being answered: a message, and the parameters that the planner finds in it. */
export function registerPlanner(runtime, turn, prompts) {
  const answer = async (_, params) => {
    const prompt = params?.prompt ?? "";
    if (/"isFinish"/.test(prompt)) return step(runtime, turn(), prompt);
    if (/Summarize what the assistant has done/.test(prompt)) return tag("response", tag("thought", "That is all.") + tag("text", `In short: ${turn().steps} step`));
    if (!/Generate dialog and actions/.test(prompt)) return "<response></response>";
    prompts.push(prompt);
    const { message, parameters = {} } = turn();
    const [action] = await offered(runtime, prompt, message);
    const chosen = action ?? "REPLY";
    const params_ = Object.entries(parameters).map(([name, value]) => tag(name, escaped(value))).join("");
    const actions = /<action><name>/.test(prompt) ? tag("action", tag("name", chosen) + tag("params", params_)) : chosen;
    const said = action === undefined ? "I have nothing to do with that." : "";
    return tag("response", [tag("thought", "I do what I was asked."), tag("actions", actions), tag("params", ""), tag("providers", ""), tag("text", said), tag("simple", String(action === undefined))].join("\n"));
  };
  for (const type of ["TEXT_NANO", "TEXT_SMALL", "TEXT_MEDIUM", "TEXT_LARGE", "ACTION_PLANNER", "RESPONSE_HANDLER"]) runtime.registerModel(type, answer, "planner", 100);
  runtime.registerModel("TEXT_EMBEDDING", async () => new Array(384).fill(0), "planner", 100);
}
