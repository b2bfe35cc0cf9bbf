/** Text of several Zstandard blocks. `fixtures/zstd/lines-*.zst` are what the program zstd makes of it. */
export const LINES = Buffer.from(
  Array.from({ length: 9000 }, (_, i) => {
    const number = i % 6 === 0 ? Math.imul(i, 0x9e3779b1) >>> 12 : 'a line that comes again';
    return `${(i * i) % 997} ${number}\n`;
  }).join(''),
);
