import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import * as Text from "../../../src/domain/Text.ts"
import type { VirtualPath } from "../../../src/domain/VirtualPath.ts"
import * as FileSystem from "../../../src/runtime/platform/FileSystem.ts"
import * as ChunkPool from "../../../src/runtime/storage/ChunkPool.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as MemoryStorage from "../../../src/runtime/storage/MemoryStorage.ts"
import type { Source } from "../../../src/runtime/storage/MemoryTree.ts"
import * as PortableRoot from "../../../src/runtime/storage/PortableRoot.ts"
import { Storage, type StorageError, type StoreOptions } from "../../../src/runtime/storage/Storage.ts"
import * as Descriptors from "../../support/Descriptors.ts"

/** Takes text for a path without the checks, so that storage has to stand on its own. */
export const at = (text: string): VirtualPath => text as VirtualPath

/** A whole new content for a name, whatever has it. */
export const whole: StoreOptions = {
  offset: 0,
  create: true,
  replace: true,
  partial: "discard",
  digest: "none",
  sync: true
}

/** A folder in memory where there is one, since that is also where the kernel forgets names that are not there. */
export const temporary: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const base = Fs.existsSync("/dev/shm") ? "/dev/shm" : Os.tmpdir()
    return Fs.realpathSync(Fs.mkdtempSync(Path.join(base, "weft-")))
  }),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

/** A folder in memory that holds so much (as `mount` has it, such as "64k") and no more; `undefined` where it cannot be mounted. */
export const confined = (size: string): Effect.Effect<string | undefined, never, Scope.Scope> =>
  Effect.tap(
    Effect.map(temporary, (folder) => {
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder])
      return mounted.status === 0 ? folder : undefined
    }),
    (folder) => Effect.addFinalizer(() => Effect.sync(() => folder && spawnSync("umount", ["-l", folder])))
  )

/** A folder where calls are made on the pool, as they are wherever a disk may have to be waited for. */
export const onDisk: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const isOnDisk = (folder: string) => {
      const descriptor = Fs.openSync(folder, "r")
      const isInMemory = FileSystem.isInMemory(descriptor)
      Fs.closeSync(descriptor)
      return !isInMemory
    }
    const base = [Os.tmpdir(), Os.homedir(), process.cwd()].find(isOnDisk) ?? assert.fail("there is no disk")
    return Fs.realpathSync(Fs.mkdtempSync(Path.join(base, ".weft-")))
  }),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

/** The host's form of a client's path below a folder. */
export const below = (folder: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(`${folder}/`), Text.encode(path.replace(/^\//, ""))])

const write = (folder: string, path: string, source: Source) => {
  const host = below(folder, path)
  const parent = host.subarray(0, host.lastIndexOf("/"))
  Fs.mkdirSync(parent, { recursive: true })
  if (typeof source === "string" || source instanceof Uint8Array) return Fs.writeFileSync(host, source)
  if ("link" in source) return Fs.symlinkSync(Text.encode(source.link) as Buffer, host)
  if ("directory" in source) Fs.mkdirSync(host, { recursive: true })
  if ("content" in source) Fs.writeFileSync(host, source.content)
  if (source.mode !== undefined) Fs.chmodSync(host, source.mode)
  if (source.modified !== undefined) Fs.utimesSync(host, source.modified / 1000, source.modified / 1000)
}

/** Writes files to a folder of the host. */
export const fill = (folder: string, files: MemoryStorage.Files): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const [path, source] of Object.entries(files)) write(folder, path, source)
  })

export interface Driver {
  readonly name: string
  readonly layer: (files: MemoryStorage.Files) => Layer.Layer<Storage, StorageError>
}

const local = (
  name: string,
  layer: (root: string) => Layer.Layer<Storage, StorageError>
): Driver & { readonly over: (root: string) => Layer.Layer<Storage, StorageError> } => ({
  name,
  over: layer,
  layer: (files) =>
    Layer.unwrapScoped(
      Effect.gen(function* () {
        const root = `${yield* temporary}/root`
        yield* Effect.sync(() => Fs.mkdirSync(root))
        yield* fill(root, files)
        return layer(root)
      })
    )
})

/** Every way to keep clients inside a folder of the host. */
export const locals = [
  local("kernel", (root) => LocalStorage.layer({ root, confinement: "kernel" })),
  local("portable", (root) => LocalStorage.layer({ root, confinement: "portable" })),
  local("portable by name", (root) =>
    Layer.effect(Storage, LocalStorage.make(PortableRoot.make(root, "name"), ChunkPool.make()))
  )
]

/** Every implementation of `Storage`. */
export const drivers: ReadonlyArray<Driver> = [{ name: "memory", layer: MemoryStorage.layer }, ...locals]

/** This process's open descriptors of what lies in temporary folders; the test runner's own come and go. */
export const descriptors = (): number =>
  Fs.readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return Fs.readlinkSync(`/proc/self/fd/${fd}`).includes("/weft-")
    } catch {
      return false
    }
  }).length

/**
 * Waits until what was under way at an interruption has closed what it opened: a call at libuv's pool is not called off, and
 * closes its descriptor when it is heard of. A descriptor that stays open runs into the test's own time limit.
 */
export const descriptorsBackTo = (before: number): Effect.Effect<void> =>
  Effect.zipRight(
    Descriptors.until(() => descriptors() <= before),
    Effect.sync(() => assert.strictEqual(descriptors(), before))
  )
