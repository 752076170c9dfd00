package listing

import (
	"fmt"
	"path"

	"github.com/dustin/go-humanize"
)

// Classes lists the pictures of class folders: CLASS or train/CLASS, val/CLASS and test/CLASS in Dir.
// Folders below a class are of the class.
func (p *Place) Classes() (*List, error) {
	dirs, others, err := p.splitFolders()
	if err != nil {
		return nil, err
	}
	var found [splits]groups
	for s, dir := range dirs {
		if dir == "" {
			continue
		}
		if found[s], err = p.classFolders(dir); err != nil {
			return nil, err
		}
	}
	for _, e := range others {
		name := path.Join(p.Dir, e.name)
		if !e.folder {
			p.walker.leaveOut(name)
		} else if err := p.walker.leaveOutAll(name); err != nil {
			return nil, err
		}
	}
	l, err := assemble(found, p.Where(), p.Holds)
	if err != nil {
		return nil, err
	}
	p.finish(l)
	return l, nil
}

// finish adds to a list what the place knows.
func (p *Place) finish(l *List) {
	l.FS, l.Title, l.closer = p.FS, p.Title, p.closer
	if n := p.walker.strays; n > 0 {
		l.Notices = append(l.Notices, fmt.Sprintf("%s: no picture, or in no folder of a class: left out%s", p.At(p.walker.stray), among(n, "file", "files")))
	}
}

// splitFolders returns the folders of the splits, and the entries of Dir that are in none of them.
// Where train holds no folders, Dir itself is what there is to train on: a class may be called train.
func (p *Place) splitFolders() (dirs [splits]string, others []entry, err error) {
	own, folders := 0, 0 // folders with a split's name, and all
	for _, e := range p.entries {
		s := splitOf(e.name)
		if !e.folder {
			others = append(others, e)
			continue
		}
		folders++
		name := path.Join(p.Dir, e.name)
		if s == noSplit {
			others = append(others, e)
			continue
		}
		own++
		inside, err := p.walker.read(name)
		switch {
		case err != nil:
			return dirs, nil, err
		case !holdsFolders(inside):
			others = append(others, e)
		case dirs[s] != "":
			return dirs, nil, fmt.Errorf("%s: the same split as %s: keep one of the two", p.At(name), p.At(dirs[s]))
		default:
			dirs[s] = name
		}
	}
	switch split := dirs != [splits]string{}; {
	case dirs[train] != "":
		return dirs, others, nil
	case split || own > 0 && own == folders:
		return dirs, nil, noClasses(fmt.Sprintf("%s: no folder train with folders of classes in it: %s", p.Where(), p.Holds()))
	}
	dirs[train] = p.Dir
	return dirs, nil, nil
}

func holdsFolders(entries []entry) bool {
	for _, e := range entries {
		if e.folder {
			return true
		}
	}
	return false
}

// classFolders lists the pictures of the class folders in a folder.
func (p *Place) classFolders(dir string) (groups, error) {
	entries, err := p.walker.read(dir)
	if err != nil {
		return nil, err
	}
	found := groups{}
	for _, e := range entries {
		name := path.Join(dir, e.name)
		if !e.folder {
			p.walker.leaveOut(name)
			continue
		}
		if err := CheckClass(e.name); err != nil {
			return nil, fmt.Errorf("%s: %w", p.At(name), err)
		}
		if len(found) == MaxClasses {
			return nil, fmt.Errorf("%s: more than %s classes: no more are read", p.At(dir), humanize.Comma(MaxClasses))
		}
		pictures, err := p.walker.pictures(name)
		if err != nil {
			return nil, err
		}
		g := found.add(e.name, p.At(name))
		g.names = append(g.names, pictures...)
	}
	return found, nil
}
