/**
 * What a larger Effect service imports to serve FTP: the server as a scoped layer, its configuration, and the services it
 * takes from its host.
 *
 * @since 0.1.0
 */
export * as Account from "./domain/Account.ts"
export { Entry } from "./domain/Entry.ts"
export { Permission, readOnly } from "./domain/Permission.ts"
export * as Rights from "./domain/Rights.ts"
export { ServerEvent } from "./domain/ServerEvent.ts"
export * as VirtualPath from "./domain/VirtualPath.ts"
export * as Accounts from "./runtime/accounts/Accounts.ts"
export { FtpConfig } from "./runtime/config/FtpConfig.ts"
export { Events } from "./runtime/observe/Events.ts"
export { FtpServer } from "./runtime/server/FtpServer.ts"
export { ServerError } from "./runtime/server/ServerError.ts"
export * as LocalStorage from "./runtime/storage/LocalStorage.ts"
export * as MemoryStorage from "./runtime/storage/MemoryStorage.ts"
export * as Storage from "./runtime/storage/Storage.ts"
export * as Weft from "./runtime/Weft.ts"
