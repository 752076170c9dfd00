package photo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"

	"golang.org/x/sync/semaphore"

	"vggtrain/internal/display"
	"vggtrain/internal/files"
	"vggtrain/internal/memory"
)

// Bounds of what a reader holds: pictures of up to largePixels share sharedRoom, a larger one is alone.
// With garbage as large as what is held, and maxRoom for one alone, that stays under 1.2 GiB.
const (
	largePixels = 16_000_000
	sharedRoom  = 512 << 20 // bytes
	// smallFile is how much of a file that can only be read once is read before there is room for it.
	smallFile = 16 << 20
)

// Reader decodes files. It applies EXIF's orientation, and takes the first frame of an animation and the
// first page of a TIFF. It is safe for concurrent use: the photos of all goroutines that are not closed
// share one budget of memory, and one of more than 16 megapixels takes all of it.
type Reader struct {
	room *semaphore.Weighted // bytes of sharedRoom
}

// NewReader returns a reader of photos.
func NewReader() *Reader { return &Reader{semaphore.NewWeighted(sharedRoom)} }

// Read decodes a file. The caller closes the photo: Read waits while those that are not closed fill the
// budget, so a goroutine that holds one must not read another. Errors are one line and name the file.
// Each means that the file is no picture that can be read.
func (r *Reader) Read(f File) (photo *Photo, err error) {
	file, size, err := f.open()
	if err == nil {
		defer file.Close()
		photo, err = r.read(file, size)
	}
	if err != nil {
		return nil, f.Failure(err)
	}
	return photo, nil
}

// read reads a photo from a file of about size bytes.
func (r *Reader) read(file io.Reader, size int64) (*Photo, error) {
	var h held
	defer h.release(r)
	s, err := r.source(&h, file, size)
	if err != nil {
		return nil, err
	}
	p, err := newPicture(s)
	if err != nil {
		return nil, err
	}
	h.acquire(r, p)
	if err := p.fits(memory.Limit); err != nil {
		return nil, err
	}
	photo, err := p.decoded()
	if err != nil {
		return nil, err
	}
	kept := h
	h = held{}
	photo.release = func() { kept.release(r) }
	return photo, nil
}

// askedRoom is how much memory a picture takes at least for the system to be asked for it.
const askedRoom = 64 << 20

// fits returns an error if the system, or a limit of this process, has no room to decode the picture.
func (p *picture) fits(limit func() memory.Bound) error {
	if p.room < askedRoom {
		return nil
	}
	err := memory.Room(p.room)
	if bound := limit(); err == nil && bound.Bytes > 0 && memory.Held()+p.room > bound.Bytes {
		err = fmt.Errorf("%s, of which %s are taken", bound, display.Bytes(memory.Held()))
	}
	if err != nil {
		return fmt.Errorf("the %s of %s pixels takes %s to decode: %w; make it smaller",
			p.name, p.size(), display.Bytes(p.room), err)
	}
	return nil
}

// source returns a file that can be read at any offset, in memory if it is no file of a disk.
func (r *Reader) source(h *held, file io.Reader, size int64) (*source, error) {
	if f, ok := file.(interface {
		fs.File
		io.ReaderAt
	}); ok {
		info, err := f.Stat()
		if err != nil {
			return nil, fmt.Errorf("cannot be read: %w", files.Cause(err))
		}
		if info.Size() > maxOnDisk {
			return nil, tooLong(maxOnDisk)
		}
		return &source{ReaderAt: f, size: info.Size()}, nil
	}
	begin, err := readAll(io.LimitReader(file, smallFile), min(size, smallFile), smallFile)
	if err != nil {
		return nil, err
	}
	if len(begin) == smallFile { // there may be more
		h.take(r, sharedRoom)
		begin, err = readAll(io.MultiReader(bytes.NewReader(begin), file), size, maxInMemory)
	}
	return &source{ReaderAt: bytes.NewReader(begin), size: int64(len(begin))}, err
}

// held is the part of a budget that one photo has.
type held struct{ bytes int64 }

// acquire waits until there is room to decode a picture.
func (h *held) acquire(r *Reader, p *picture) {
	switch bytes := p.room; {
	case h.bytes > 0: // all of it
	case int64(p.rows)*int64(p.cols) > largePixels || bytes > sharedRoom:
		h.take(r, sharedRoom)
	default:
		h.take(r, bytes)
	}
}

// take waits for a number of bytes. The memory of photos that are closed is freed before a large one is
// decoded, and that of a large one when it is closed: the garbage of both would exceed the bound.
func (h *held) take(r *Reader, bytes int64) {
	_ = r.room.Acquire(context.Background(), bytes) // an error would be the context's
	if h.bytes = bytes; bytes == sharedRoom {
		debug.FreeOSMemory()
	}
}

func (h *held) release(r *Reader) {
	if h.bytes == sharedRoom {
		debug.FreeOSMemory()
	}
	if h.bytes > 0 {
		r.room.Release(h.bytes)
	}
	h.bytes = 0
}
