/**
 * Writes a number with a comma between thousands, such as `54,000`.
 *
 * @param decimals - Digits after the point. @default 0
 */
export function thousands(value: number, decimals = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/**
 * Writes a share from 0 to 1 in percent, such as `97.31 %`.
 *
 * @param decimals - Digits after the point. @default 2
 */
export function percent(share: number, decimals = 2): string {
  return `${(100 * share).toFixed(decimals)} %`;
}
