import { FormatError, type ImageFailure } from '../errors.js';
import type { ReadAt } from '../formats/read-at.js';
import type { Columns } from '../rows.js';
import { columnsInJson } from './json-columns.js';
import { memberName } from './member-name.js';

/** What a sample needs to know of a member. */
interface Member {
  readonly name: string; // as stored
  readonly size: number; // bytes
  readonly isFolder: boolean;
  readonly failure: ImageFailure | undefined; // why it cannot be read
  readonly read: (archive: ReadAt) => Promise<Uint8Array>;
}

/** A member of an archive, with the columns of its sample. */
export interface SampleMember<M> {
  readonly member: M;
  readonly columns: Columns;
  readonly problem: string | undefined; // why it lacks columns that it should have
}

const MAX_METADATA = 2 ** 22; // bytes of one member
const MAX_MEMBERS = 1024; // of one sample, held until its end

/**
 * Yields the members of samples with their columns, and all other members with none. By WebDataset's rule, a sample is the members next
 * to each other that share a key, their path up to the first dot of the file name. Its `.cls` and `.txt` are not yielded, but columns
 * of these names, the members of its `.json` columns of theirs. What cannot be read, or is too large, gives no columns.
 *
 * @param read of the archive
 * @throws as reading the members does, once the sample before has been yielded
 */
export async function* samplesOf<M extends Member>(
  members: AsyncIterable<M>,
  read: ReadAt,
): AsyncGenerator<SampleMember<M>> {
  let open: OpenSample<M> | undefined;
  try {
    for await (const member of members) {
      const [key, extension = ''] = keyOf(member);
      if (open === undefined || key === undefined || open.key !== key) {
        if (open !== undefined) yield* open.take();
        open = new OpenSample(key);
      }
      await open.add(member, extension, read);
      if (key === undefined || open.isFull) yield* open.take();
    }
  } catch (error) {
    if (open !== undefined) yield* open.take();
    throw error;
  }
  if (open !== undefined) yield* open.take();
}

const KEY = /^((?:.*\/)?[^./]+)\.([^/]*)$/s;

/** Returns the key of a member and what follows it, in lower case; nothing for a member that belongs to no sample. */
function keyOf(member: Member): readonly [key?: string, extension?: string] {
  if (member.isFolder) return [];
  const [, key, extension = ''] = KEY.exec(memberName(member)) ?? [];
  return key === undefined ? [] : [key, extension.toLowerCase()];
}

/** A sample whose end has not been seen yet. */
class OpenSample<M extends Member> {
  readonly key: string | undefined;
  #members: M[] = [];
  readonly #columns = new Map<string, Columns>(); // by the extension that they come from
  #problem: string | undefined;
  #isTooLarge = false;

  constructor(key: string | undefined) {
    this.key = key;
  }

  async add(member: M, extension: string, read: ReadAt): Promise<void> {
    const parse = METADATA.get(extension);
    if (parse === undefined) {
      this.#members.push(member);
      return;
    }
    if (this.#columns.has(extension) || this.#isTooLarge) return;
    this.#columns.set(extension, {});
    try {
      this.#columns.set(extension, parse(await textOf(member, read)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#problem ??= `${memberName(member)}: ${error.message}`;
    }
  }

  /** Whether no more members may be held. */
  get isFull(): boolean {
    return this.#members.length > (this.#isTooLarge ? 0 : MAX_MEMBERS);
  }

  /** Returns the members so far. If there are too many, neither they nor those that follow have columns. */
  take(): readonly SampleMember<M>[] {
    if (this.isFull && !this.#isTooLarge) {
      this.#isTooLarge = true;
      this.#problem = `${this.key} has more than ${MAX_MEMBERS} members`;
    }
    const columns = this.#isTooLarge ? {} : this.#joined();
    const problem = this.#problem;
    const members = this.#members.map((member) => ({ member, columns, problem }));
    this.#members = [];
    this.#problem = undefined;
    return members;
  }

  /** Columns of members of their own come before those in JSON, and win over them. */
  #joined(): Columns {
    const { cls, txt, json } = Object.fromEntries(this.#columns);
    return { ...cls, ...txt, ...json, ...cls, ...txt };
  }
}

async function textOf(member: Member, read: ReadAt): Promise<string> {
  const { failure, size } = member;
  if (failure !== undefined) throw new FormatError(failure.message);
  if (size > MAX_METADATA)
    throw new FormatError(`it has ${size} bytes; for columns, halonet reads at most ${MAX_METADATA}`);
  return new TextDecoder().decode(await member.read(read));
}

/** What members give columns, by what follows their key. */
const METADATA: ReadonlyMap<string, (text: string) => Columns> = new Map([
  ['cls', (text) => ({ cls: numberOr(text.trim()) })],
  ['txt', (text) => ({ txt: text.replace(/\r?\n$/, '') })],
  ['json', (text) => columnsInJson(text, 'it')],
]);

const numberOr = (text: string) =>
  /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
