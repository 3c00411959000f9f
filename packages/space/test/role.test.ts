import { describe, expect, test } from "vitest";

import { readPage, type Component } from "../src/page.ts";
import { isKey, isOnScale, isSystem, settingOf } from "../src/role.ts";

function component(type: string, props: object): Component {
  const config = { components: [{ id: 1, type, props }], dependencies: [] };
  return readPage({ version: "5.50.0", config }).components.get(1)!;
}

describe("a setting is known by what people call its slider", () => {
  test.each([
    ["Max new tokens", "maxOutputTokens"],
    ["Max tokens", "maxOutputTokens"],
    ["Max output tokens", "maxOutputTokens"],
    ["Maximum length", "maxOutputTokens"],
    ["Maximum Tokens Gen🔄️", "maxOutputTokens"],
    ["最大长度", "maxOutputTokens"],
    ["Max history length", undefined],
    ["Max tokens per chunk", undefined],
    ["Maximum document length", undefined],
    ["Max thinking tokens", undefined],
    ["Max news articles", undefined],
    ["Temperature", "temperature"],
    ["Temp🔥", "temperature"],
    ["温度", "temperature"],
    ["Temperatura", "temperature"],
    ["Température", "temperature"],
    ["Temperatur (Zufall)", "temperature"],
    ["Temperament", undefined],
    ["最大トークン数", "maxOutputTokens"],
    ["最大長度", "maxOutputTokens"],
    ["Template", undefined],
    ["Attempts", undefined],
    ["Top-p (nucleus sampling)", "topP"],
    ["Top P", "topP"],
    ["top_p", "topP"],
    ["Top-p (0 = disabled)", "topP"],
    ["Top-k", undefined],
    ["Stop phrases", undefined],
    ["Seed", "seed"],
    ["Random seed", "seed"],
    ["Number of seeds in an apple", undefined],
  ])("%s", (label, setting) => {
    expect(settingOf(component("slider", { label }))).toBe(setting);
    expect(settingOf(component("number", { label }))).toBe(setting);
    expect(settingOf(component("dropdown", { label }))).toBeUndefined();
  });

  test("and left alone on another scale", () => {
    expect(isOnScale("temperature", component("slider", { label: "temperature (%)", maximum: 100 }))).toBe(false);
    expect(isOnScale("topP", component("slider", { label: "Top-p", maximum: 100 }))).toBe(false);
    expect(isOnScale("topP", component("number", { label: "Top-p (%)", value: 90 }))).toBe(false);
    expect(isOnScale("temperature", component("number", { label: "Temperature", value: 70 }))).toBe(false);
    expect(isOnScale("temperature", component("slider", { label: "Temperature", maximum: 2 }))).toBe(true);
    expect(isOnScale("maxOutputTokens", component("slider", { label: "Max tokens", maximum: 99_999 }))).toBe(true);
  });
});

describe("a key is known by what people call its box", () => {
  test.each([
    ["OpenAI API key", true],
    ["api_key", true],
    ["hf_token", true],
    ["HF Token:", true],
    ["User ID", true],
    ["Website URL", true],
    ["API 密钥", true],
    ["Message", false],
    ["Max tokens", false],
    ["Capital", false],
    ["Ask about Covid", false],
    ["Key points", false],
  ])("%s", (label, expected) => {
    expect(isKey(component("textbox", { label }))).toBe(expected);
  });
});

describe("a system prompt goes where people call it so", () => {
  test.each([
    ["System message", true],
    ["System prompt", true],
    ["System Prompt (optional)", true],
    ["Instructions", true],
    ["Custom system prompt", true],
    ["System input", true],
    ["Mensaje del sistema", true],
    ["系统提示词", true],
    ["系統提示", true],
    ["Persona", true],
    ["Message système", true],
    ["Systemanweisung", true],
    ["Instrucciones", true],
    ["システムプロンプト", true],
    ["시스템 프롬프트", true],
    ["Системный промпт", true],
    ["System Status", false],
    ["System Logs", false],
    ["Operating system", false],
    ["Ecosystem", false],
    ["Hide system prompt", false],
    ["Message", false],
  ])("%s", (label, expected) => {
    expect(isSystem(component("textbox", { label }))).toBe(expected);
    expect(isSystem(component("textbox", { placeholder: label }))).toBe(expected);
    expect(isSystem(component("textbox", { label, interactive: false }))).toBe(false);
    expect(isSystem(component("slider", { label }))).toBe(false);
    expect(isSystem(component("textbox", { label: "Topic", placeholder: "e.g. the nervous system" }))).toBe(false);
  });

  test.each([
    ["Use system prompt", true],
    ["Disable system prompt", false],
    ["Show system prompt", false],
  ])("and is switched on by what is called so, not off: %s", (label, expected) => {
    expect(isSystem(component("checkbox", { label }))).toBe(expected);
  });
});
