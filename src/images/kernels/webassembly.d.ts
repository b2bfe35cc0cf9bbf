// The part of WebAssembly's interface that is used: TypeScript declares it only with the DOM's types.
declare namespace WebAssembly {
  class Memory {
    constructor(size: { readonly initial: number }); // pages of 64 KiB
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
    readonly exports: unknown;
  }
}
