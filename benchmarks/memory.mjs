// This process's peak memory in MiB, measured like memory.py.
import { existsSync, readFileSync } from "node:fs";

export function peakMib() {
  if (existsSync("/proc/self/status")) {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
  }
  return process.resourceUsage().maxRSS / 1024;
}
