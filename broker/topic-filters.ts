/** How long topics and filters may be: UTF-16 units, and levels between slashes. */
export type TopicLimits = { maxTopicLength: number; maxTopicLevels: number };

/** One or more characters without a wildcard; MQTT-3.3.2-2, MQTT-4.7.3-1. */
export function isTopicName(topic: string): boolean {
  return topic.length > 0 && !topic.includes('+') && !topic.includes('#');
}

/** Wildcards take whole levels, and `#` the last; MQTT-4.7.1-2, MQTT-4.7.1-3. */
export function isTopicFilter(filter: string): boolean {
  if (filter.length === 0) return false;
  const levels = filter.split('/');
  return levels.every(
    (level, index) => !/[+#]/.test(level) || level === '+' || (level === '#' && index === levels.length - 1),
  );
}

export function isWithin(topic: string, { maxTopicLength, maxTopicLevels }: TopicLimits): boolean {
  if (topic.length > maxTopicLength) return false;
  let levels = 1;
  for (let slash = topic.indexOf('/'); slash !== -1; slash = topic.indexOf('/', slash + 1)) levels++;
  return levels <= maxTopicLevels;
}

/** A filter that begins with a wildcard does not reach topics that begin with `$`; MQTT-4.7.2-1. */
export function matchesFilter(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true; // also for the level above it
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}

/** Who subscribed to what: one node a level, so that a topic meets only the filters that begin like it. */
export class TopicTree<Member> {
  readonly #root: Node<Member> = emptyNode();

  /** Of one member's equal filters the last one holds. */
  add(filter: string, member: Member, qos: number): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      node.levels ??= new Map();
      const next = node.levels.get(level) ?? emptyNode<Member>();
      node.levels.set(level, next);
      node = next;
    }
    node.members ??= new Map();
    node.members.set(member, qos);
  }

  remove(filter: string, member: Member): void {
    const way: { node: Node<Member>; level: string }[] = [];
    let node = this.#root;
    for (const level of filter.split('/')) {
      const next = node.levels?.get(level);
      if (next === undefined) return;
      way.push({ node, level });
      node = next;
    }
    node.members?.delete(member);
    for (const step of way.reverse()) {
      if (isInUse(step.node.levels?.get(step.level))) return;
      step.node.levels?.delete(step.level);
    }
  }

  /** Everybody whose filters match, once, with the highest QoS among those filters; MQTT-3.3.5-1. */
  match(topic: string): Map<Member, number> {
    const found = new Map<Member, number>();
    collect(this.#root, topic.split('/'), topic.startsWith('$'), 0, found);
    return found;
  }
}

type Node<Member> = {
  levels: Map<string, Node<Member>> | undefined;
  members: Map<Member, number> | undefined;
};

const emptyNode = <Member>(): Node<Member> => ({ levels: undefined, members: undefined });

const isInUse = (node: Node<unknown> | undefined) =>
  node !== undefined && ((node.levels?.size ?? 0) > 0 || (node.members?.size ?? 0) > 0);

// As deep as the deepest filter, which is bounded when it is subscribed to; topics may be longer.
function collect<Member>(
  node: Node<Member>,
  topic: readonly string[],
  reserved: boolean,
  depth: number,
  found: Map<Member, number>,
): void {
  const wildcards = !(reserved && depth === 0);
  if (wildcards) take(node.levels?.get('#'), found);
  const level = topic[depth];
  if (level === undefined) {
    take(node, found);
    return;
  }
  const named = node.levels?.get(level);
  if (named) collect(named, topic, reserved, depth + 1, found);
  const any = wildcards ? node.levels?.get('+') : undefined;
  if (any) collect(any, topic, reserved, depth + 1, found);
}

function take<Member>(node: Node<Member> | undefined, found: Map<Member, number>): void {
  if (node?.members === undefined) return;
  for (const [member, qos] of node.members) found.set(member, Math.max(qos, found.get(member) ?? 0));
}
