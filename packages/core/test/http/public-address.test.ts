import { describe, expect, it, test } from "vitest";
import { isPublicAddress, mayBePublicHost } from "../../src/http/public-address.ts";

describe("an address is not public", () => {
  it.each([
    // Ends of each range of the registries of special purposes.
    ["this network", "0.0.0.0", "0.255.255.255"],
    ["private", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
    ["carrier-grade NAT", "100.64.0.0", "100.127.255.255", "100.100.100.200"],
    ["loopback", "127.0.0.1", "127.255.255.255", "::1"],
    ["link-local", "169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%eth0"],
    ["assignments of the IETF", "192.0.0.0", "192.0.0.192", "192.0.0.255", "2001::1", "2001:1ff::1"],
    ["documentation", "192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    ["AS112 and AMT", "192.31.196.1", "192.52.193.1", "192.175.48.1", "2620:4f:8000::1"],
    ["benchmarks", "198.18.0.0", "198.19.255.255", "2001:2::1"],
    ["multicast", "224.0.0.1", "239.255.255.255", "ff02::1"],
    ["reserved", "240.0.0.1", "255.255.255.255"],
    ["6to4", "192.88.99.1", "2002:7f00:1::", "2002:808:808::1"],
    ["Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    ["mapped, and not public", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254", "::ffff:0:0"],
    ["translated, and not public", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1"],
    ["of a translator of one's own", "64:ff9b:1::808:808"],
    ["compatible, of old", "::127.0.0.1", "::8.8.8.8", "::"],
    ["translated by SIIT", "::ffff:0:8.8.8.8"],
    ["unique local", "fc00::1", "fdff::1", "fd00:ec2::254"],
    ["site-local, of old", "fec0::1"],
    ["discarded", "100::1", "100:0:0:1::1"],
    ["segment routing", "5f00::1"],
    ["a cloud's own", "168.63.129.16"],
    [
      "unreadable",
      "",
      "::1::",
      "1.2.3",
      "1.2.3.256",
      "01.2.3.4.5",
      "localhost",
      "1:2:3",
      "2606::1%eth0",
      "g::1",
      "2606:4700:1:2:3:4:5:6:7",
    ],
  ])("%s", (_, ...addresses) => {
    for (const address of addresses) expect(isPublicAddress(address), address).toBe(false);
  });
});

test("what lies beside those ranges is public", () => {
  for (const address of [
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "168.63.129.15",
    "8.8.8.8",
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "64:ff9b::808:808",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2003::1",
    "2620:4f:8001::1",
    "3ffd::1",
  ])
    expect(isPublicAddress(address), address).toBe(true);
});

it.each([
  // However it is written, the platform's URL says what it means.
  ["http://2130706433/", false],
  ["http://0x7f.1/", false],
  ["http://0177.0.0.1/", false],
  ["http://127.1/", false],
  ["http://0/", false],
  ["http://127.0.0.1./", false],
  ["http://１２７.０.０.１/", false],
  ["http://[::ffff:169.254.169.254]/", false],
  ["http://[::]/", false],
  ["http://localhost/", false],
  ["http://LOCALHOST./", false],
  ["http://a.localhost/", false],
  ["http://metadata.google.internal/", false],
  ["http://printer.local/", false],
  ["http://redis:6379/", false],
  ["http://134744072/", true],
  ["http://[2606:4700:4700::1111]/", true],
  ["http://example.com/", true],
  ["http://example.com./", true],
  ["http://localhost.example.com/", true],
])("the host of %s may be public: %s", (url, expected) => {
  expect(mayBePublicHost(new URL(url))).toBe(expected);
});
