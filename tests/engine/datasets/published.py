# ruff: noqa: E501 - the lines are those of files
"""Small files in the formats of published data sets and of people's exports, written anew, and how each is added.

The page docs/data.md and the tests are made from this list.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A source of data.

    Attributes
    ----------
    title
        What the data is called.
    files
        Name -> content. The fields of a row are separated as in the original.
    words
        What follows ``recsys-tui datasets add NAME``.
    counts
        The numbers of users, items and interactions that must come out.
    encoding
        That of the files.
    """

    title: str
    files: dict[str, str]
    words: str
    counts: tuple[int, int, int]
    encoding: str = "utf-8"


SOURCES = [
    Source(
        "MovieLens 100K",
        {
            "ml-100k/u.data": "1\t1\t5\t874965758\n1\t2\t3\t876893171\n2\t1\t4\t888550871\n",
            "ml-100k/u.item": "".join(
                f"{number}|{title} ({year})|01-Jan-{year}||http://x|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
                for number, title, year in ((1, "Alley Cat", 1995), (2, "Golden Age, The", 1996))
            ),
        },
        "--from ml-100k",
        (2, 2, 3),
    ),
    Source(
        "MovieLens 1M, 10M",
        {
            "ml-1m/ratings.dat": "1::1193::5::978300760\n2::661::3::978302109\n",
            "ml-1m/movies.dat": "661::Small Giant (1996)::Animation|Musical\n1193::Long Way, A (1975)::Drama\n",
        },
        "--from ml-1m",
        (2, 2, 2),
    ),
    Source(
        "MovieLens latest, 20M, 25M",
        {
            "ml/ratings.csv": "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n2,31,4.0,835355493\n",
            "ml/movies.csv": 'movieId,title,genres\n31,"Dangerous Minds, The (1995)",Drama\n',
        },
        "--from ml",
        (2, 1, 2),
    ),
    Source(
        "RecBole's atomic files",
        {
            "net/net.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu\ti\t3\t100\n",
            "net/net.item": "item_id:token\ttitle:token_seq\tclass:token_seq\ni\tBlue Hour\tDrama War\n",
        },
        "--from net",
        (1, 1, 1),
    ),
    Source(
        "Book-Crossing",
        {
            "BX-Book-Ratings.csv": '"User-ID";"ISBN";"Book-Rating"\n"8";"0002005018";"5"\n"9";"074322678X";"0"\n',
            "BX-Books.csv": '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher"\n'
            '"0002005018";"Clara";"Ed \xc9mile";"2001";"H"\n"074322678X";"Where You\'ll Find";"Ann Bea";"2002";"S"\n',
        },
        "--ratings BX-Book-Ratings.csv --items BX-Books.csv --map unrated=0",
        (2, 2, 2),
        "latin-1",
    ),
    Source(
        "goodbooks-10k",
        {
            "ratings.csv": "user_id,book_id,rating\n1,258,5\n2,4081,4\n",
            "books.csv": "book_id,goodreads_book_id,isbn,authors,original_publication_year,title,average_rating\n"
            '258,9,"0439023480",A. Lee,2008,Red Sky,4.34\n4081,7,,B. Oz,1997,Stone,4.44\n',
        },
        "--ratings ratings.csv --items books.csv",
        (2, 2, 2),
    ),
    Source(
        "Amazon reviews 2018",
        {
            "Games.json": '{"overall": 5.0, "reviewerID": "A1", "asin": "07", "unixReviewTime": 1444953600}\n'
            '{"overall": 4.0, "reviewerID": "A2", "asin": "07", "unixReviewTime": 1444867200}\n',
            "meta_Games.json": '{"asin": "07", "title": "Reversi", "brand": "Dosu", "category": ["Video Games", "PC"]}\n',
        },
        "--ratings Games.json --items meta_Games.json",
        (2, 1, 2),
    ),
    Source(
        "Amazon reviews 2023",
        {
            "All_Beauty.jsonl": '{"rating": 5.0, "title": "Nice", "asin": "B1", "parent_asin": "B0", "user_id": "AG", '
            '"timestamp": 1588687728923}\n',
            "meta_All_Beauty.jsonl": '{"main_category": "Beauty", "title": "Spray", "parent_asin": "B0", "price": 3.5}\n',
        },
        "--ratings All_Beauty.jsonl --items meta_All_Beauty.jsonl",
        (1, 1, 1),
    ),
    Source(
        "H&M Fashion",
        {
            "transactions_train.csv": "t_dat,customer_id,article_id,price,sales_channel_id\n"
            "2018-09-20,000058,0663713001,0.05,2\n2018-09-21,00007d,0541518023,0.03,2\n",
            "articles.csv": "article_id,product_code,prod_name,product_type_name,detail_desc\n"
            "0663713001,0663713,Lace body,Bodysuit,Lace with low back\n0541518023,0541518,Soft bra,Bra,A soft bra\n",
        },
        "--ratings transactions_train.csv --items articles.csv",
        (2, 2, 2),
    ),
    Source(
        "Instacart",
        {
            "order_products__prior.csv": "order_id,product_id,add_to_cart_order,reordered\n2,33,1,1\n2,28,2,0\n3,33,1,1\n",
            "orders.csv": "order_id,user_id,eval_set,order_number\n2,202,prior,3\n3,205,prior,16\n",
            "products.csv": "product_id,product_name,aisle_id,department_id\n33,Oat Milk,86,16\n28,Figs,83,4\n",
        },
        "--ratings order_products__prior.csv --join orders.csv:order_id --items products.csv "
        "--map time=order_number+add_to_cart_order",
        (2, 2, 3),
    ),
    Source(
        "RetailRocket",
        {
            "events.csv": "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257,view,355,\n"
            "1433224214164,992,transaction,248,4\n",
        },
        "--ratings events.csv --where event=transaction",
        (1, 1, 1),
    ),
    Source(
        "Online Retail",
        {
            "online_retail.csv": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            "536365,85123A,WHITE LIGHT,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
            "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527,United Kingdom\n"
            "536366,71053,LANTERN,2,2010-12-01 08:28:00,3.39,17850,United Kingdom\n",
        },
        "--ratings online_retail.csv --map title=Description",
        (1, 3, 2),
    ),
    Source(
        "hetrec 2011 Last.fm",
        {
            "user_artists.dat": "userID\tartistID\tweight\n2\t51\t13883\n3\t52\t11690\n",
            "artists.dat": "id\tname\turl\tpictureURL\n51\tDuran Two\thttp://x\thttp://y\n52\tMorse\thttp://x\thttp://y\n",
        },
        "--ratings user_artists.dat --items artists.dat",
        (2, 2, 2),
    ),
    Source(
        "Yelp",
        {
            "review.json": '{"review_id": "r1", "user_id": "mh", "business_id": "XQ", "stars": 3.0, "useful": 0, '
            '"text": "Fine.", "date": "2018-07-07 22:09:11"}\n',
            "business.json": '{"business_id": "XQ", "name": "Noodle Bar", "city": "Tampa", "stars": 4.0, '
            '"categories": "Noodles, Restaurants"}\n',
        },
        "--ratings review.json --items business.json",
        (1, 1, 1),
    ),
    Source(
        "KuaiRec",
        {
            "small_matrix.csv": "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio\n"
            "14,148,4381,6067,2020-07-05 05:27:48.378,20200705,1593898068.378,0.72\n"
            "19,183,11635,6100,2020-07-05 05:28:00.057,20200705,1593898080.057,1.91\n",
        },
        "--ratings small_matrix.csv",
        (2, 2, 2),
    ),
    Source(
        "Food.com",
        {
            "RAW_interactions.csv": "user_id,recipe_id,date,rating,review\n38,40,2003-02-17,4,Great\n1293,40,2011-12-21,5,So so\n",
            "RAW_recipes.csv": "name,id,minutes,contributor_id,submitted,tags,description\n"
            "\"white bean soup\",40,495,1533,2002-09-17,\"['soup', 'easy']\",good soup\n",
        },
        "--ratings RAW_interactions.csv --items RAW_recipes.csv",
        (2, 1, 2),
    ),
    Source(
        "BoardGameGeek reviews",
        {"bgg.csv": ",user,rating,comment,ID,name\n0,Torsten,10.0,,30,Settlers\n1,mitchi,9.0,fun,30,Settlers\n"},
        "--ratings bgg.csv",
        (2, 1, 2),
    ),
    Source(
        "Goodreads books (Kaggle)",
        {
            "books.csv": "bookID,title,authors,average_rating,isbn,isbn13,language_code,  num_pages,publication_date\n"
            "1,Half Blood,J. Row/Mary Gee,4.57,0439785960,9780439785969,eng,652,9/16/2006\n"
            "2,Order,J. Row,4.49,0439358078,9780439358071,eng,870,9/1/2004\n",
        },
        "--items books.csv",
        (0, 2, 0),
    ),
    Source(
        "Netflix titles",
        {
            "netflix_titles.csv": "show_id,type,title,director,cast,country,date_added,release_year,listed_in,description\n"
            's1,Movie,Dad is Away,K. Jo,,United States,"September 25, 2021",2020,"Documentaries, Family",A film.\n',
        },
        "--items netflix_titles.csv",
        (0, 1, 0),
    ),
    Source(
        "IMDb title.basics",
        {
            "title.basics.tsv": "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\truntimeMinutes\tgenres\n"
            'tt1\tshort\tCarmen\tCarmen\t0\t1894\t1\tDocumentary,Short\ntt2\tshort\t"The Clown\tThe Clown\t0\t\\N\t5\t\\N\n',
        },
        "--items title.basics.tsv",
        (0, 2, 0),
    ),
    Source(
        "Spotify tracks",
        {
            "tracks.csv": ",track_id,artists,album_name,track_name,popularity,explicit,tempo,track_genre\n"
            "0,5Su,Gen Ho,Comedy,Comedy,73,False,87.9,acoustic\n1,4qP,Ben Wo,Ghost,Ghost - Acoustic,55,False,77.5,acoustic\n",
        },
        "--items tracks.csv",
        (0, 2, 0),
    ),
    Source(
        "Clicks with labels",
        {"clicks.csv": "uid,iid,label,ts\n1,2,1,1600000000\n1,3,0,1600000001\n2,3,1,1600000002\n"},
        "--ratings clicks.csv",
        (2, 2, 2),
    ),
    Source(
        "MovieTweetings",
        {
            "mt/ratings.dat": "1::0114508::8::1381006850\n2::0499549::9::1376753198\n",
            "mt/movies.dat": "0114508::Species Seen (1995)::Horror|Sci-Fi\n0499549::Blue Planet (2009)::Action\n",
        },
        "--from mt",
        (2, 2, 2),
    ),
    Source(
        "Amazon ratings 2014 (no header)",
        {"ratings_Beauty.csv": "A39HTATAQ9V7YF,0205616461,5.0,1369699200\nA3JM6GV9MNOF9X,0558925278,3.0,1355443200\n"},
        "--ratings ratings_Beauty.csv --map user=#1,item=#2,rating=#3,time=#4",
        (2, 2, 2),
    ),
    Source("LightGCN, NGCF", {"train.txt": "0 3 819 1213\n1 3 40\n"}, "--ratings train.txt", (2, 4, 5)),
    Source(
        "Steam-200k",
        {
            "steam-200k.csv": "151603712,Iron Sky,purchase,1.0,0\n151603712,Iron Sky,play,273.0,0\n"
            "5250,Half World,purchase,1.0,0\n"
        },
        "--ratings steam-200k.csv",
        (2, 2, 2),
    ),
    Source(
        "Netflix Prize",
        {"combined_data_1.txt": "1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n822109,4,2005-10-19\n"},
        "--ratings combined_data_1.txt",
        (2, 2, 3),
    ),
    Source(
        "Jester",
        {"jester-data-1.csv": "2,-7.82,8.79" + ",99" * 98 + "\n1,99,4.08" + ",99" * 98 + "\n"},
        "--ratings jester-data-1.csv",
        (2, 2, 3),
    ),
    Source(
        "A matrix, as pandas' `pivot_table` writes it",
        {"matrix.csv": "user,Heat (1995),Ran (1985),M (1931)\nann,5,,4.5\nbob,,3,\n"},
        "--ratings matrix.csv",
        (2, 3, 3),
    ),
    Source(
        "Last.fm 360K",
        {
            "usersha1-artmbid-artname-plays.tsv": "00000c289a1829a808ac09c00daf10bc3c4e223b\t3bd73256-3905-4f3a-97e2-8b341527f805\t"
            "betty blowtorch\t2137\n00000c289a1829a808ac09c00daf10bc3c4e223b\t\tdie Ärzte\t1099\n"
            "00001411dc427966b17297bf4d69e7e193135d89\t3bd73256-3905-4f3a-97e2-8b341527f805\tbetty blowtorch\t0\n",
        },
        "--ratings usersha1-artmbid-artname-plays.tsv",
        (1, 2, 2),
    ),
    Source(
        "MIND news",
        {
            "MIND/behaviors.tsv": "1\tU13740\t11/11/2019 9:05:58 AM\tN55189 N42782\tN55689-1 N35729-0\n"
            "2\tU91836\t11/12/2019 6:11:30 PM\t\tN42782-1 N55689-0\n",
            "MIND/news.tsv": 'N55189\tlifestyle\tlifestyleroyals\tThe "Brands" Royals Swear By\tShop the notebooks\thttps://x/a.html\t[]\t[]\n'
            "N42782\tsports\tfootball_nfl\tA Long Run\t\thttps://x/b.html\t[]\t[]\n",
        },
        "--from MIND",
        (2, 3, 4),
    ),
    Source(
        "Letterboxd, a person's export",
        {"ratings.csv": "Date,Name,Year,Letterboxd URI,Rating\n2018-05-20,Long Night,1999,https://boxd.it/a,4.5\n"},
        "--ratings ratings.csv",
        (1, 1, 1),
    ),
    Source(
        "IMDb, a person's ratings",
        {
            "ratings.csv": "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,"
            "Genres,Num Votes,Release Date,Directors\n"
            'tt0118694,10,2024-03-15,Mood,Fa yeung,https://x,Movie,8.1,98,2000,"Drama, Romance",170000,2000-09-29,Wong\n'
        },
        "--ratings ratings.csv",
        (1, 1, 1),
    ),
    Source(
        "MyAnimeList, a person's list",
        {
            "animelist.xml": '<?xml version="1.0" encoding="UTF-8" ?>\n<myanimelist>\n<anime><series_animedb_id>1'
            "</series_animedb_id><series_title><![CDATA[Space Dogs]]></series_title><series_type>TV</series_type>"
            "<series_episodes>26</series_episodes><my_start_date>2024-01-01</my_start_date><my_finish_date>2024-03-04"
            "</my_finish_date><my_score>9</my_score><my_status>Completed</my_status></anime>\n</myanimelist>\n"
        },
        "--ratings animelist.xml",
        (1, 1, 1),
    ),
    Source(
        "Goodreads, a person's library",
        {
            "goodreads_library_export.csv": "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,"
            "Average Rating,Publisher,Binding,Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,"
            "Bookshelves,Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies\n"
            '11,Red Sand,F. Her,"Her, F.",,"=""0441013597""","=""9780441013593""",5,4.27,Ace,Paperback,604,2006,1965,'
            "2024/03/04,2024/01/01,,,read,,,,1,0\n"
        },
        "--ratings goodreads_library_export.csv",
        (1, 1, 1),
    ),
    Source(
        "Netflix, a person's viewing history",
        {"NetflixViewingHistory.csv": 'Title,Date\n"The Line: Season 1: The Start","3/15/24"\n"Far Moon","3/14/24"\n'},
        "--ratings NetflixViewingHistory.csv",
        (1, 2, 2),
    ),
    Source(
        "Spotify, a person's streaming history",
        {
            "StreamingHistory_music_0.json": '[{"endTime": "2024-03-04 10:00", "artistName": "Ann", "trackName": "Blue", '
            '"msPlayed": 180000}, {"endTime": "2024-03-04 10:03", "artistName": "Bo", "trackName": "Red", "msPlayed": 900}]'
        },
        "--ratings StreamingHistory_music_0.json",
        (1, 1, 1),
    ),
    Source(
        "Last.fm, a person's scrobbles",
        {"scrobbles.csv": 'Ann,First,Blue,"04 Mar 2024, 10:00"\nBo,Second,Red,"04 Mar 2024, 10:05"\n'},
        "--ratings scrobbles.csv",
        (1, 2, 2),
    ),
]
