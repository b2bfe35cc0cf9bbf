import assert from 'node:assert/strict';
import { folderOfAddress, isAddress, shownAddress, withinAddress } from '../src/address.js';

describe('shownAddress', () => {
  const SHOWN: readonly (readonly [string, string])[] = [
    ['https://example.org/a.jpg', 'https://example.org/a.jpg'],
    ['https://example.org/get?id=5&size=big', 'https://example.org/get?id=5&size=big'],
    ['https://me:pw-secret@example.org/a.jpg', 'https://example.org/a.jpg'],
    ['https://pw-secret@example.org', 'https://example.org'],
    ['HTTPS://me:a@b:secret@example.org/a@b.jpg', 'HTTPS://example.org/a@b.jpg'],
    ['https:///me:secret@example.org/a.jpg', 'https:///example.org/a.jpg'],
    ['https://\\me:secret@example.org/a.jpg', 'https://\\example.org/a.jpg'],
    ['https://me:sec\tret@example.org/a.jpg', 'https://example.org/a.jpg'],
    ['https://example.org/a.jpg#access_token=secret', 'https://example.org/a.jpg'],
    ['https://me:secret@example.org/a.jpg?sig=secret#xywh=0,0,9,9', 'https://example.org/a.jpg#xywh=0,0,9,9'],
    ['https://example.org/a.jpg?token=secret', 'https://example.org/a.jpg'],
    ['https://example.org/a.jpg?v=2&access_token=secret&w=3', 'https://example.org/a.jpg?v=2&w=3'],
    ['https://example.org/a.jpg?%74oken=secret', 'https://example.org/a.jpg'],
    [
      'https://b.s3.amazonaws.com/a.tar?X-Amz-Algorithm=x&X-Amz-Credential=secret&X-Amz-Date=1&x-amz-security-token=secret&X-Amz-Signature=secret',
      'https://b.s3.amazonaws.com/a.tar',
    ],
    [
      'https://b.s3.amazonaws.com/a?AWSAccessKeyId=secret&Expires=1&Signature=secret',
      'https://b.s3.amazonaws.com/a',
    ],
    [
      'https://storage.googleapis.com/b/a?X-Goog-Credential=secret&X-Goog-Signature=secret',
      'https://storage.googleapis.com/b/a',
    ],
    [
      'https://x.blob.core.windows.net/c/a.jpg?sv=1&se=2&sr=b&sp=r&sig=secret',
      'https://x.blob.core.windows.net/c/a.jpg',
    ],
    [
      'https://d.cloudfront.net/a?Policy=secret&Signature=secret&Key-Pair-Id=secret',
      'https://d.cloudfront.net/a',
    ],
    ['https://example.org/a?se=2&date=3', 'https://example.org/a?se=2&date=3'], // without a signature, they name what is asked for
    ['photos/a.jpg?token=x', 'photos/a.jpg?token=x'],
    ['me:pw@host', 'me:pw@host'],
  ];

  for (const [address, shown] of SHOWN) {
    it(`shows ${JSON.stringify(address)} as ${JSON.stringify(shown)}`, () => {
      assert.equal(shownAddress(address), shown);
      assert.equal(shownAddress(shown), shown);
      if (isAddress(address)) assert.doesNotMatch(shownAddress(address), /secret/);
    });
  }
});

describe('withinAddress', () => {
  it('joins the folder of a list and a path in it', () => {
    const within = (list: string, path: string) => withinAddress(folderOfAddress(list), path);
    assert.equal(
      within('https://example.org/x/list.csv?v=/1', 'a/b c.jpg'),
      'https://example.org/x/a/b c.jpg',
    );
    assert.equal(within('https://example.org/list.csv', 'a.jpg'), 'https://example.org/a.jpg');
    assert.equal(within('https://example.org', 'a.jpg'), 'https://example.org/a.jpg');
    assert.equal(within('https://me:pw@example.org/x/list.csv', '/a.jpg'), 'https://me:pw@example.org/a.jpg');
    assert.equal(within('https://example.org/list.csv', 'why?#1.jpg'), 'https://example.org/why%3F%231.jpg');
    assert.equal(
      within('https://example.org/list.csv', 'a#1.jpg#xywh=0,0,9,9'),
      'https://example.org/a%231.jpg#xywh=0,0,9,9',
    );
    assert.equal(withinAddress('https://example.org/x/', 'a.jpg'), 'https://example.org/x/a.jpg');
    assert.equal(withinAddress('s3://bucket/x', 'why?#1.jpg'), 's3://bucket/x/why?#1.jpg');
  });
});
