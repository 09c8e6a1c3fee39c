const MB = 2 ** 20;
const ROUNDED = 256;
const FIRST_REGION = MB;
const LARGEST_REGION = 1024 * MB;
/** A free piece is given whole where no more than this would be left of it and it is less than twice what is wanted. */
const MOST_DEAD = 128 * MB;

interface Piece {
  region: number;
  offset: number;
  size: number;
}

/**
 * onnxruntime's store of memory (BFCArena, next power of two) in thought: regions that double, the smallest free piece
 * that is large enough, neighbours joined again. What it takes is more than what is in use at once, the more so the
 * larger single values are; `touched` is what of its regions was ever in use.
 */
export class Arena {
  private readonly regions: { size: number; used: number }[] = [];
  private free: Piece[] = [];
  private growth = FIRST_REGION;

  get touched(): number {
    return this.regions.reduce((sum, { used }) => sum + used, 0);
  }

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
