/**
 * The desk's sound: two rising tones for an incident, one low tone when the page cannot see. Browsers allow sound only
 * after somebody touched the page.
 */
export function createAlarmSound(): AlarmSound {
  let context: AudioContext | undefined;

  function tone(frequency: number, startS: number, lengthS: number): void {
    if (!context) return;
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const begin = context.currentTime + startS;
    oscillator.frequency.value = frequency;
    oscillator.type = 'triangle';
    // Soft edges, so that a night's hundredth alarm does not click.
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(loudness, begin + 0.02);
    gain.gain.setValueAtTime(loudness, begin + lengthS - 0.05);
    gain.gain.linearRampToValueAtTime(0, begin + lengthS);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(begin + lengthS);
  }

  return {
    isReady: () => context?.state === 'running',
    async ready(): Promise<void> {
      context ??= new AudioContext();
      await context.resume();
    },
    incident(): void {
      tone(660, 0, 0.28);
      tone(880, 0.32, 0.28);
      tone(660, 0.64, 0.28);
      tone(880, 0.96, 0.28);
    },
    blind(): void {
      tone(220, 0, 0.7);
    },
  };
}

export type AlarmSound = {
  isReady(): boolean;
  /** To be called from a touch or a key. */
  ready(): Promise<void>;
  incident(): void;
  blind(): void;
};

const loudness = 0.35;
