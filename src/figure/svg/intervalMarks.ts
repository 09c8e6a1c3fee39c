/** A point in places of the axes, with its interval where it has one. */
interface Marked {
  x: number | string;
  y: number | string;
  low?: number | undefined;
  high?: number | undefined;
}

/** What a custom series of ECharts is given to place values. */
interface Places {
  coord: (values: readonly (number | string)[]) => [x: number, y: number];
}

const CAP = 3;

/** The intervals of points: a whisker each, or all of them one filled band. */
export function intervalMarks(
  points: readonly Marked[],
  { along, colour, isBand }: { along: "x" | "y"; colour: string; isBand: boolean },
): object[] {
  const known = points.filter((each): each is Marked & { low: number; high: number } => each.low !== undefined);
  if (known.length === 0) return [];
  const ends = ({ x, y, low, high }: (typeof known)[number]): [(number | string)[], (number | string)[]] =>
    along === "y"
      ? [
          [x, low],
          [x, high],
        ]
      : [
          [low, y],
          [high, y],
        ];
  const whisker = (places: Places, point: (typeof known)[number]): object => {
    const [low, high] = ends(point).map((end) => places.coord(end)) as [[number, number], [number, number]];
    const [dx, dy] = along === "y" ? [CAP, 0] : [0, CAP];
    const line = ([x1, y1, x2, y2]: readonly [number, number, number, number]): object => ({
      type: "line",
      shape: { x1, y1, x2, y2 },
      style: { stroke: colour, lineWidth: 1.5 },
    });
    return {
      type: "group",
      children: [line([...low, ...high]), ...[low, high].map(([x, y]) => line([x - dx, y - dy, x + dx, y + dy]))],
    };
  };
  const band = (places: Places): object => ({
    type: "polygon",
    shape: {
      points: [
        ...known.map((point) => places.coord(ends(point)[1])),
        ...[...known].reverse().map((point) => places.coord(ends(point)[0])),
      ],
    },
    style: { fill: colour, opacity: 0.2 },
  });
  return [
    {
      type: "custom",
      clip: true,
      z: isBand ? 1 : 2,
      data: isBand ? [ends(known[0]!)[0]] : known.map((point) => ends(point)[0]),
      renderItem: ({ dataIndex }: { dataIndex: number }, places: Places) =>
        isBand ? band(places) : whisker(places, known[dataIndex]!),
    },
  ];
}
