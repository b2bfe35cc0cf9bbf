import type { OpenedSession } from '../../src/devices/open-session.js';

/**
 * What a network runs on, in one line: `device: cpu (cuda: no NVIDIA driver; webgpu: no Vulkan driver)`. undefined where
 * that is what was asked for.
 */
export function deviceLine({ device, chosen, passedOver, session }: OpenedSession): string | undefined {
  if (!chosen && !session.mixed) return undefined;
  const notes = passedOver.map(({ name, reason }) => `${name}: ${reason}`);
  if (session.mixed) notes.unshift('some operators run on the CPU: it has no code for them');
  return `device: ${device.name}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
}
