package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"

	"vggtrain/internal/display"
	"vggtrain/internal/memory"
)

// maxPrepared bounds the bytes of all prepared pictures of a data set: they are in memory.
const maxPrepared = 2 << 30

// LoadOptions are the settings of Load.
type LoadOptions struct {
	Channels int // C; 0: 3 if a picture of the first set has colour, by a sample, else 1
	Side     int // S
	Mode     Mode
	Seed     uint64                // of the sample
	Strict   bool                  // a picture that cannot be read is an error
	Notice   func(string)          // receives warnings for the user; may be nil
	Progress func(done, total int) // receives the number of decoded pictures; may be nil
}

// split is a set of the data under its name.
type split struct {
	name   string
	source *Source
}

// splits are the sets that there are.
func (d *Data) splits() (all []split) {
	for _, s := range []split{{"train", &d.Train}, {"val", &d.Val}, {"test", &d.Test}} {
		if *s.source != nil {
			all = append(all, s)
		}
	}
	return all
}

// Load returns the data with all pictures decoded and prepared, in memory: Sets of S×S×C. It leaves out
// what cannot be read: that is an error if it is more than ten pictures of a set and more than a tenth
// of them. The Digest becomes that of the pictures' files. Sets in memory stay as they are, and so does
// the Digest if all are: a Loader prepares them.
func (d *Data) Load(ctx context.Context, o LoadOptions) (*Data, error) {
	loaded := *d
	l := loading{LoadOptions: o, data: &loaded, digest: sha256.New()}
	if l.Notice == nil {
		l.Notice = func(string) {}
	}
	return &loaded, l.load(ctx)
}

// loading is a Load under way.
type loading struct {
	LoadOptions
	data     *Data
	digest   hash.Hash
	total    int // pictures
	mutex    sync.Mutex
	done     int          // pictures
	coloured atomic.Int64 // pictures with colours that are made grey
}

func (l *loading) load(ctx context.Context) error {
	var splits []split // to be loaded
	for _, s := range l.data.splits() {
		if Bytes(*s.source) == 0 && (*s.source).Len() > 0 {
			splits = append(splits, s)
			l.total += (*s.source).Len()
		}
	}
	if len(splits) == 0 {
		return nil
	}
	auto := l.Channels == 0
	if auto {
		var err error
		if l.Channels, err = channelsOf(ctx, *splits[0].source, l.Seed); err != nil {
			return err
		}
	}
	prepare := Preparation{Channels: l.Channels, Side: l.Side, Mode: l.Mode}
	if _, err := NewPreparer(prepare, nil); err != nil {
		return err
	}
	if err := l.room(int64(l.total) * int64(prepare.Size())); err != nil {
		return fmt.Errorf("%s: %s of %d×%d×%d bytes: %w; make --resize smaller, or the set",
			display.Name(l.data.Origin), display.Count(l.total, "picture"), l.Side, l.Side, l.Channels, err)
	}
	fmt.Fprintf(l.digest, "pictures\n%d classes\n", len(l.data.Classes))
	for _, name := range l.data.Classes {
		fmt.Fprintf(l.digest, "%q\n", name)
	}
	for _, s := range splits {
		if err := l.split(ctx, s, prepare); err != nil {
			return err
		}
	}
	l.data.Digest = [sha256.Size]byte(l.digest.Sum(nil))
	if n := l.coloured.Load(); n > 0 {
		why := "since the network takes one channel"
		if auto {
			why = "since a sample of the training pictures has no colour (--channels 3 keeps it)"
		}
		l.Notice(fmt.Sprintf("%s in colour: made grey, %s", display.Count(int(n), "picture"), why))
	}
	return nil
}

// room returns an error unless there is room for so many bytes of prepared pictures.
func (l *loading) room(bytes int64) error {
	if bytes > maxPrepared {
		return fmt.Errorf("%s are more than the %s that are held in memory", display.Bytes(bytes), display.Bytes(maxPrepared))
	}
	return memory.Room(bytes)
}

// split replaces a set of the data by what can be read of it.
func (l *loading) split(ctx context.Context, s split, prepare Preparation) error {
	r, err := l.read(ctx, *s.source, prepare, prepare.Channels == 1)
	if err != nil {
		return err
	}
	if err := l.leaveOut(s, r.failures); err != nil {
		return err
	}
	r.drop()
	l.tellLostClasses(s, r.set)
	fmt.Fprintf(l.digest, "%s, %d pictures\n", s.name, r.set.Len())
	for i, label := range r.set.Labels {
		l.digest.Write(binary.LittleEndian.AppendUint32(nil, uint32(label)))
		l.digest.Write(r.digests[i][:])
	}
	*s.source = r.set
	return nil
}
