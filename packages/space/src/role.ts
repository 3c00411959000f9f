import type { Component } from "./page.ts";

/** A setting of a request that an input may stand for. */
export type SettingName = "maxOutputTokens" | "temperature" | "topP" | "seed";

/** Whether people call an input so: by its label, its parameter or what stands in it while it is empty. */
function isCalled({ label, parameter, placeholder }: Component, pattern: RegExp): boolean {
  return [label, parameter, placeholder].some((name) => isNamed(name, pattern));
}

/** Whether a name is one of those. What is longer is none, and would be looked through for nothing. */
export function isNamed(name: string | undefined, pattern: RegExp): boolean {
  return name !== undefined && name.length <= LONGEST_NAME && pattern.test(name);
}

const LONGEST_NAME = 400;

/** Whether a person types into it. */
export function isText(component: Component): boolean {
  return isTextbox(component) || isMultimodal(component);
}

/** Whether words are typed into it, and nothing else. */
export function isTextbox({ type, isPassword, isInteractive }: Component): boolean {
  return type === "textbox" && !isPassword && isInteractive;
}

/** Whether words and files go into it. */
export function isMultimodal({ type, isInteractive }: Component): boolean {
  return type.toLowerCase().endsWith("multimodaltextbox") && isInteractive;
}

/** Whether a chat is shown in it. */
export function isChatbot({ type }: Component): boolean {
  return type === "chatbot";
}

/** Whether only the server knows what is in it. */
export function isState({ type }: Component): boolean {
  return type === "state";
}

/** Whether a picture is put into it. */
export function isImage({ type, isInteractive }: Component): boolean {
  return type === "image" && isInteractive;
}

/** Whether text is shown in it, and it is not known to be that of a status or the like. */
export function isTextOutput(component: Component): boolean {
  const { type } = component;
  return (type === "textbox" || type === "markdown" || type === "html") && !isCalled(component, STATUS);
}

const STATUS = /status|\blogs?\b|状态|日志/i;

/** Whether it holds the earlier turns as data. */
export function isJsonHistory(component: Component): boolean {
  return component.type === "json" && isCalled(component, /histor|messages|conversation|历史|对话/i);
}

/** Whether it is called as what a person says. */
export function isCalledMessage(component: Component): boolean {
  return isCalled(
    component,
    /message|question|query|prompt|\bask\b|chat|\binput\b|\bsay\b|instruction|问题|输入|消息|提问|提示/i,
  );
}

/** Whether it is called as what a service is opened by, or found at. */
export function isKey(component: Component): boolean {
  return isCalled(component, /(?<![a-z])(?:api(?![a-z])|(?:key|token|password|url|e-?mail|id)\W*$)|密[钥鑰码碼]/i);
}

/** How much it is called as what tells a model who it is, from 0 to 1: what stands in it may be the example of a question. */
export function systemLikeness(component: Component): number {
  const { label = component.parameter } = component;
  if (!isCalled(label === undefined ? component : { ...component, placeholder: undefined }, SYSTEM)) return 0;
  return label === undefined ? 0.25 : 1;
}

const SYSTEM =
  /(?<!operating.|solar.|eco|immune.|file.)syst[eè]m|sistema|persona|\binstructions\b|系[统統]|システム|시스템|систем/i;

/** Whether it is where a system prompt goes, or what switches one on. */
export function isSystem(component: Component): boolean {
  if (systemLikeness(component) === 0 && !isCalled(component, /instruc[ct]ion|instruções|提示[词詞]/i)) return false;
  if (isCalled(component, /^\W*(?:disable|hide|show|ignore|skip|no|without|follow)\b|status|\blogs?\b/i)) return false;
  return isTextbox(component) || (component.type === "checkbox" && component.isInteractive);
}

/** The setting that a slider or a number is for. */
export function settingOf(component: Component): SettingName | undefined {
  if (component.type !== "slider" && component.type !== "number") return undefined;
  const [found] = SETTINGS.find(([, pattern]) => isCalled(component, pattern)) ?? [];
  return found === "maxOutputTokens" && isCalled(component, OF_INPUT) ? undefined : found;
}

const SETTINGS: readonly (readonly [SettingName, RegExp])[] = [
  ["maxOutputTokens", /max.{0,20}(?:token|length|new(?!s)|output)|最大.{0,10}(?:[长長][度さ]|token|トークン|字)/i],
  ["temperature", /(?:^|[^a-z])temp(?:erat[uú]r[ae]?)?(?![a-z])|температур|温度|溫度|온도/i],
  ["topP", /top[\s_-]?p(?![a-z])|nucleus|核采样/i],
  ["seed", /^\W{0,5}(?:random[\s_-])?seed|种子/i],
];

/** What has a greatest length, but is not the answer. */
const OF_INPUT = /histor|turns|context|input|search|results|files|images|chunk|docum|think|reason|retriev/i;

/** Whether it has a seed drawn anew each time, whichever was given. */
export function drawsSeed(component: Component): boolean {
  return (
    component.type === "checkbox" && component.isInteractive && isCalled(component, /random.{0,10}seed|随机.{0,3}种子/i)
  );
}

/** Whether the scale of a slider is that of the setting; another one, such as per cent, is none that a number fits. */
export function isOnScale(name: SettingName, { maximum = 0, value }: Component): boolean {
  const most = typeof value === "number" ? Math.max(maximum, value) : maximum;
  if (name === "temperature") return most <= 5;
  return name !== "topP" || most <= 1;
}
