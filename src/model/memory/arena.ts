const MB = 2 ** 20;
const ROUNDED = 256;
const FIRST_REGION = MB;
const LARGEST_REGION = 1024 * MB;
/**
 * A free piece is handed out whole if it would leave no more than this unused and is less than twice the wanted size.
 */
const MOST_DEAD = 128 * MB;

interface Piece {
  region: number;
  offset: number;
  size: number;
}

/**
 * Simulates onnxruntime's memory arena (BFCArena, next power of two): regions double in size, a request gets the
 * smallest free piece that is large enough, and free neighbours are joined. An arena takes more memory than is in use
 * at once, the more so the larger single values are; `touched` is the total of its regions that was ever in use.
 */
export class Arena {
  private readonly regions: { size: number; used: number }[] = [];
  private free: Piece[] = [];
  private growth = FIRST_REGION;

  /** Bytes of the regions that were ever in use. */
  get touched(): number {
    return this.regions.reduce((sum, { used }) => sum + used, 0);
  }

  /** Allocates a piece of at least `bytes`. */
  take(bytes: number): Piece {
    const size = Math.max(ROUNDED, Math.ceil(bytes / ROUNDED) * ROUNDED);
    let best = -1;
    this.free.forEach((piece, i) => {
      const known = this.free[best];
      if (
        piece.size >= size &&
        (known === undefined ||
          piece.size < known.size ||
          (piece.size === known.size &&
            (piece.region < known.region || (piece.region === known.region && piece.offset < known.offset))))
      )
        best = i;
    });
    const piece = best < 0 ? this.extended(size) : this.free.splice(best, 1)[0]!;
    const region = this.regions[piece.region]!;
    region.used = Math.max(region.used, piece.offset + size);
    if (piece.size < 2 * size && piece.size - size < MOST_DEAD) return piece;
    if (piece.size > size)
      this.free.push({ region: piece.region, offset: piece.offset + size, size: piece.size - size });
    return { ...piece, size };
  }

  /** Frees a piece. */
  give({ region, offset, size }: Piece): void {
    let own = { region, offset, size };
    this.free = this.free.filter((each) => {
      if (each.region !== region) return true;
      if (each.offset + each.size === own.offset) {
        own = { region, offset: each.offset, size: each.size + own.size };
        return false;
      }
      if (own.offset + own.size === each.offset) {
        own = { ...own, size: own.size + each.size };
        return false;
      }
      return true;
    });
    this.free.push(own);
  }

  private extended(size: number): Piece {
    let grown = false;
    while (this.growth < size && this.growth < LARGEST_REGION) {
      this.growth *= 2;
      grown = true;
    }
    const bytes = Math.max(size, this.growth);
    if (!grown && this.growth < LARGEST_REGION) this.growth *= 2;
    this.regions.push({ size: bytes, used: 0 });
    return { region: this.regions.length - 1, offset: 0, size: bytes };
  }
}
