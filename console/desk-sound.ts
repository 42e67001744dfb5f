import { useEffect, useRef, useState } from 'preact/hooks';
import { type AlarmSound, createAlarmSound } from './alarm-sound.ts';
import type { LiveState, Sight } from './live-state.ts';
import { blindKey, soundingKeys } from './sounding.ts';

/** Sounds while somebody is needed, until it is silenced or taken. `look` says what is true at each turn. */
export function useDeskSound(look: () => { cards: LiveState['cards']; sight: Sight }): DeskSound {
  const sound = useRef<AlarmSound>(undefined);
  sound.current ??= createAlarmSound();
  const looking = useRef(look);
  looking.current = look;
  const [isReady, setReady] = useState(false);
  const [isOn, setOn] = useState(true);
  const [silenced, setSilenced] = useState(nothing);
  const { cards, sight } = look();
  const keys = soundingKeys(cards.values(), sight, silenced);

  useEffect(() => {
    const touched = async () => {
      await sound.current?.ready();
      setReady(sound.current?.isReady() ?? false);
    };
    for (const gesture of gestures) document.addEventListener(gesture, touched);
    // Whoever just signed in has touched the page already.
    if (navigator.userActivation?.hasBeenActive) touched();
    return () => {
      for (const gesture of gestures) document.removeEventListener(gesture, touched);
    };
  }, []);

  // Who silenced the page's own blindness hears it again when it goes blind again.
  const isBlind = soundingKeys([], sight, nothing).length > 0;
  useEffect(() => {
    if (!isBlind) setSilenced((before) => new Set([...before].filter((key) => key !== blindKey)));
  }, [isBlind]);

  const isBlindAlone = keys.length === 1 && keys[0] === blindKey;
  useEffect(() => {
    if (!isReady || !isOn || keys.length === 0) return;
    const play = () => (isBlindAlone ? sound.current?.blind() : sound.current?.incident());
    play();
    const repeating = setInterval(play, isBlindAlone ? blindEveryMs : incidentEveryMs);
    return () => clearInterval(repeating);
  }, [isReady, isOn, isBlindAlone, keys.join()]);

  return {
    isReady,
    isOn,
    sounding: keys.length,
    setOn,
    test: () => sound.current?.incident(),
    silence(): void {
      const now = looking.current();
      setSilenced(new Set(soundingKeys(now.cards.values(), now.sight, nothing)));
    },
  };
}

export type DeskSound = {
  /** The browser allows it: somebody touched the page. */
  isReady: boolean;
  isOn: boolean;
  /** How many things it sounds for now. */
  sounding: number;
  setOn: (isOn: boolean) => void;
  test: () => void;
  silence: () => void;
};

const nothing: ReadonlySet<string> = new Set();
const gestures = ['pointerdown', 'keydown'] as const;
const incidentEveryMs = 3_000;
const blindEveryMs = 8_000;
