import type { HostTensor } from "./program.ts";

/** A tensor's place on the device; it stays there until it is freed. */
export interface HeldPlace {
  free(): void;
}

/** The device has lost the tensors that it held, since what computes was started again. */
export class HeldLost extends Error {
  override readonly name = "HeldLost";
}

/** A result that stays on the device, to be fed again: whole, or some of its rows. Its values are not on the host. */
export class HeldTensor implements HostTensor {
  /**
   * @param dims of the rows that it has
   * @param rows indices of the rows along the first axis of the held tensor; absent: all
   */
  constructor(
    readonly place: HeldPlace,
    readonly dims: readonly number[],
    readonly rows?: readonly number[],
  ) {}

  get data(): Float32Array {
    throw new Error("the values of this tensor are on the device");
  }

  /** Some of its rows. @param places their indices among the rows that this one has */
  at(places: readonly number[]): HeldTensor {
    const rows = places.map((place) => this.rows?.[place] ?? place);
    return new HeldTensor(this.place, [places.length, ...this.dims.slice(1)], rows);
  }
}

/** Frees those of the tensors that are held. */
export function freeHeld(tensors: Readonly<Record<string, HostTensor>>): void {
  for (const tensor of Object.values(tensors)) if (tensor instanceof HeldTensor) tensor.place.free();
}
