import type { OpenedSession } from '../../src/devices/open-session.js';

/**
 * Says in one line what a network runs on: `device: cpu (cuda: no NVIDIA driver; webgpu: no Vulkan driver)`.
 * Returns undefined if the user asked for that device and it runs every operator.
 */
export function deviceLine({ device, chosen, skipped, session }: OpenedSession): string | undefined {
  if (!chosen && !session.mixed) return undefined;
  const notes = skipped.map(({ name, reason }) => `${name}: ${reason}`);
  if (session.mixed) notes.unshift('some operators run on the CPU: it has no code for them');
  return `device: ${device.name}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
}
