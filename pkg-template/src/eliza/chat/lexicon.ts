/** A language's table, made ready to look words up. */
import type { TaskStatus } from "../../api.js";
import type { Language, VerbGroup } from "./language.js";
import { fold, phrasesOf, type Phrases } from "./words.js";

/** Which task of several: by its place from 1, or one of the ends. */
export type Ordinal = number | "last" | "newest" | "oldest";

const LISTS = [
  "task", "fillers", "negations", "questions", "joins", "articles", "indefinite", "mine", "pronouns", "ones", "links", "about", "all", "using", "alone",
] as const;

/** See {@link Language} for what each is. */
export type Lexicon = { readonly [L in (typeof LISTS)[number]]: Phrases } & {
  readonly language: Language;
  readonly ordinals: Phrases<Ordinal>;
  readonly numbers: Phrases<number>;
  readonly statuses: Phrases<TaskStatus>;
  readonly verbs: Phrases<readonly VerbGroup[]>;
};

function lexicon(language: Language): Lexicon {
  const verbs = new Map<string, VerbGroup[]>();
  for (const [group, phrases] of Object.entries(language.verbs) as [VerbGroup, readonly string[]][]) {
    for (const phrase of phrases.map(fold)) verbs.set(phrase, [...(verbs.get(phrase) ?? []), group]);
  }
  const ends = (["last", "newest", "oldest"] as const).flatMap((end) => language[end].map((phrase) => [phrase, end] as const));
  return {
    ...(Object.fromEntries(LISTS.map((list) => [list, phrasesOf(language[list].map((phrase) => [phrase, 0]))])) as { [L in (typeof LISTS)[number]]: Phrases }),
    language,
    ordinals: phrasesOf<Ordinal>([...Object.entries(language.ordinals), ...ends]),
    numbers: phrasesOf(Object.entries(language.numbers)),
    statuses: phrasesOf(Object.entries(language.statuses)),
    verbs: phrasesOf(verbs),
  };
}

const known = new WeakMap<Language, Lexicon>();

/** Made once for each table. */
export function lexiconOf(language: Language): Lexicon {
  const made = known.get(language) ?? lexicon(language);
  known.set(language, made);
  return made;
}
