export { describeSpace } from "./describing.ts";
export type { DescribedInput, DescribedRole, SpaceDescription } from "./description.ts";
export { space, type SlugOf } from "./space.ts";
export type { InputRole } from "./overrides.ts";
export type { SettingName } from "./role.ts";
export type { SpaceOptions, SpaceOverrides } from "./space-options.ts";
