/**
 * A number of the registry as a network takes it: 5 to 15 digits, `+` before them when it names its country. Nothing for anything else,
 * so that no letter of it reaches a modem as a command, and nothing for the emergency services: no machine dials or writes to them.
 */
export function dialable(phone: string): string | undefined {
  const written = phone.normalize('NFKC').replaceAll(/[\s().-]/g, '');
  const number = written.replace(/^00(?=[1-9])/, '+');
  return /^\+?[0-9]{5,15}$/.test(number) && !emergency.test(number) ? number : undefined;
}

/** The same for what can show a text: landlines of the mainland cannot. */
export function textable(phone: string): string | undefined {
  const number = dialable(phone);
  return number === undefined || /^0|^\+86(?!1)/.test(number) ? undefined : number;
}

/** Also behind the code of an area or of the country, and the police's number for SMS. */
const emergency = /^(0\d{2,3}|\+86(0?\d{2,3})?)?(110|112|119|120|122)$|^(\+86)?12110/;
